import type { Database } from '../../database/index.ts'
import { parseNetworks } from '../../lib/index.ts'
import { AccessError } from '../access-error.ts'
import type { ProjectRef } from '../grants/grants.ts'
import { formatPathPattern, parsePathPattern } from '../path-pattern.ts'
import { type Permission, readPermissions } from '../permissions.ts'
import { granted } from '../refusal.ts'
import type { Granter } from '../rights/hand-on.ts'
import { parseTagPattern } from '../rights/tag-pattern.ts'
import { addressRulesIn, tagRulesInProject } from './rule-store.ts'
import {
  addAddressRule,
  addTagRule,
  removeAddressRule,
  removeTagRule,
  type RuleOwner,
  type TagPermission,
} from './rule-transactions.ts'

export interface TagRuleContent {
  /** As people write a pattern of repositories. */
  readonly path: string
  /** A pattern of tags: `release-*`. */
  readonly tags: string
  readonly permissions: readonly TagPermission[]
  /** Through these roles only; none: nobody may. */
  readonly roles: readonly string[]
}

export interface AddressRuleContent {
  /** Absent: all. */
  readonly permissions: readonly Permission[] | undefined
  /** Addresses and networks (CIDR), divided by commas. */
  readonly networks: string
}

type Entry<Content> = Content & { readonly id: number; readonly createdAt: number }

interface PageOfIds {
  readonly after: number
  readonly limit: number
}

/**
 * Whoever calls has been allowed to by `Rights.decide` (`rule.read`, `rule.write`; for an account `account.write`, for a robot
 * `robot.write`). Calls fail with AccessError.
 */
export interface Rules {
  /** Fails with INVALID or NOT_FOUND (the project). Answers its id. */
  addTagRule(by: Granter, project: ProjectRef, rule: TagRuleContent): Promise<number>
  /** Fails with NOT_FOUND. */
  removeTagRule(by: Granter, project: ProjectRef, id: number): Promise<void>
  tagRules(project: ProjectRef, page: PageOfIds): Promise<Entry<TagRuleContent>[]>
  /** Fails with INVALID or NOT_FOUND (the project). Answers its id. */
  addAddressRule(by: Granter, owner: RuleOwner, rule: AddressRuleContent): Promise<number>
  /** Fails with NOT_FOUND. */
  removeAddressRule(by: Granter, owner: RuleOwner, id: number): Promise<void>
  addressRules(owner: RuleOwner, page: PageOfIds): Promise<Entry<AddressRuleContent>[]>
}

export function createRules({ database }: { readonly database: Database }): Rules {
  return Object.freeze<Rules>({
    addTagRule: async ({ actor }, project, { path, tags, permissions, roles }) => {
      const pattern = parsePathPattern(path)
      if (pattern === undefined) throw new AccessError('INVALID', { message: 'the pattern of repositories is not valid', field: 'path' })
      if (parseTagPattern(tags) === undefined) throw new AccessError('INVALID', { message: 'the pattern of tags is not valid', field: 'tags' })
      return granted(await database.transact(addTagRule, { actor, project: project.id, pattern, tags, permissions, roles })).id
    },
    removeTagRule: async ({ actor }, project, id) => {
      granted(await database.transact(removeTagRule, { actor, project: project.id, id }))
    },
    tagRules: async (project, { after, limit }) =>
      (await database.all(tagRulesInProject, project.id, after, limit)).map((row) => ({
        id: row.id,
        path: formatPathPattern({ prefix: row.prefix, exact: row.exact !== 0 }),
        tags: row.pattern,
        permissions: readPermissions(row.permissions) as TagPermission[],
        roles: JSON.parse(row.roles) as string[],
        createdAt: row.created_at,
      })),
    addAddressRule: async ({ actor }, owner, { permissions, networks }) => {
      if (parseNetworks(networks) === undefined) throw new AccessError('INVALID', { message: 'a network is not valid', field: 'networks' })
      return granted(await database.transact(addAddressRule, { actor, owner, permissions, networks })).id
    },
    removeAddressRule: async ({ actor }, owner, id) => {
      granted(await database.transact(removeAddressRule, { actor, owner, id }))
    },
    addressRules: async (owner, { after, limit }) =>
      (await database.all(addressRulesIn[owner.kind], owner.id, after, limit)).map((row) => ({
        id: row.id,
        permissions: row.permissions === null ? undefined : readPermissions(row.permissions),
        networks: row.networks,
        createdAt: row.created_at,
      })),
  })
}
