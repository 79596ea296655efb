import { statement, transaction, type Refusal, type Tx } from '../../database/index.ts'
import { bumpDecided, record, type EventActor } from '../../record/index.ts'
import { holdProject, holdRoles, holdSubject } from '../access-lock-store.ts'
import { formatPathPattern, type PathPattern } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import { refuse } from '../refusal.ts'

export type TagPermission = 'tag.create' | 'tag.move' | 'tag.delete'

export interface AddTagRuleInput {
  readonly actor: EventActor
  readonly project: number
  readonly pattern: PathPattern
  /** Of tags, as `parseTagPattern` reads it. */
  readonly tags: string
  readonly permissions: readonly TagPermission[]
  /** None: nobody may. */
  readonly roles: readonly string[]
}

const insertTagRule = statement<{ id: number }>(`
  insert into tag_rule (namespace_id, prefix, exact, pattern, permissions, roles, created_at)
  values ($1, $2, $3, $4, $5, $6, $7) returning id`)

/**
 * All of a project's are looked at for each tag, and all address rules of all projects for each list, which has them read again when one of
 * them has changed: whoever may write rules in one project could make everybody wait.
 */
const mostRules = 200
const countTagRules = statement<{ count: number }>('select count(*) as count from tag_rule where namespace_id = $1')

/** Refuses with NOT_FOUND (the project), INVALID (a role) or TOO_MANY. Answers its id. */
export const addTagRule = transaction('add tag rule', async (tx: Tx, input: AddTagRuleInput) => {
  const { actor, project, pattern, tags, permissions, roles } = input
  const name = await holdProject(tx, project)
  if (typeof name !== 'string') return name
  const unknown = await holdRoles(tx, roles)
  if (unknown !== undefined) return unknown
  if (((await tx.one(countTagRules, project))?.count ?? 0) >= mostRules) return refuse('TOO_MANY')
  const lists = [JSON.stringify(permissions), JSON.stringify(roles)] as const
  const added = await tx.one(insertTagRule, project, pattern.prefix, pattern.exact ? 1 : 0, tags, ...lists, tx.now)
  if (added === undefined) throw new Error('an inserted row was not answered')
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const after = { project: name, path: formatPathPattern(pattern), tags, permissions, roles }
  return await record(tx, { kind: 'tag-rule.add', actor, repositoryId: undefined, keys: { id: added.id, before: null, after } }, { id: added.id })
})

interface TagRuleRow {
  readonly prefix: string
  readonly exact: number
  readonly pattern: string
  readonly permissions: string
  readonly roles: string
}

const deleteTagRule = statement<TagRuleRow>(`
  delete from tag_rule where id = $1 and namespace_id = $2 returning prefix, exact, pattern, permissions, roles`)

/** Refuses with NOT_FOUND. */
export const removeTagRule = transaction(
  'remove tag rule',
  async (tx: Tx, { actor, project, id }: { readonly actor: EventActor; readonly project: number; readonly id: number }) => {
    const removed = await tx.one(deleteTagRule, id, project)
    if (removed === undefined) return refuse('NOT_FOUND')
    const moved = await bumpDecided(tx, actor)
    if (moved !== undefined) return moved
    const { prefix, exact, pattern: tags } = removed
    const [permissions, roles] = [JSON.parse(removed.permissions) as unknown, JSON.parse(removed.roles) as unknown]
    const before = { project, path: formatPathPattern({ prefix, exact: exact !== 0 }), tags, permissions, roles }
    return await record(tx, { kind: 'tag-rule.remove', actor, repositoryId: undefined, keys: { id, before, after: null } }, null)
  },
)

/** Whom an address rule holds for. */
export interface RuleOwner {
  readonly kind: 'project' | 'account' | 'robot'
  readonly id: number
}

export interface AddAddressRuleInput {
  readonly actor: EventActor
  readonly owner: RuleOwner
  /** Absent: all. */
  readonly permissions: readonly Permission[] | undefined
  /** As `parseNetworks` reads it. */
  readonly networks: string
}

const insertAddressRule = statement<{ id: number }>(`
  insert into address_rule (namespace_id, account_id, robot_id, permissions, networks, created_at)
  values ($1, $2, $3, $4, $5, $6) returning id`)

/** What lists remember of the rules of all projects is read again. */
const countChange = statement(`
  insert into meta (name, value) values ('address-rules', '1')
  on conflict (name) do update set value = cast(cast(meta.value as bigint) + 1 as text)`)

const countOf = (column: string) => statement<{ count: number }>(`select count(*) as count from address_rule where ${column} = $1`)
const countAddressRules = { project: countOf('namespace_id'), account: countOf('account_id'), robot: countOf('robot_id') }

/** Refuses with NOT_FOUND (the project), INVALID (the account, the robot) or TOO_MANY. Answers its id. */
export const addAddressRule = transaction('add address rule', async (tx: Tx, input: AddAddressRuleInput) => {
  const { actor, owner, permissions, networks } = input
  const name = await holdOwner(tx, owner)
  if (typeof name !== 'string') return name
  if (((await tx.one(countAddressRules[owner.kind], owner.id))?.count ?? 0) >= mostRules) return refuse('TOO_MANY')
  const ids = (['project', 'account', 'robot'] as const).map((kind) => (kind === owner.kind ? owner.id : null))
  const added = await tx.one(insertAddressRule, ...ids, permissions === undefined ? null : JSON.stringify(permissions), networks, tx.now)
  if (added === undefined) throw new Error('an inserted row was not answered')
  if (owner.kind === 'project') await tx.run(countChange)
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { id: added.id, before: null, after: { owner: { ...owner, name }, permissions: permissions ?? null, networks } }
  return await record(tx, { kind: 'address-rule.add', actor, repositoryId: undefined, keys }, { id: added.id })
})

async function holdOwner(tx: Tx, { kind, id }: RuleOwner): Promise<string | Refusal> {
  if (kind === 'project') return await holdProject(tx, id)
  const held = await holdSubject(tx, { kind, id })
  return 'refused' in held ? held : held.name
}

const deleteAddressRule = statement<{ permissions: string | null; networks: string }>(`
  delete from address_rule
  where id = $1 and coalesce(namespace_id, 0) = $2 and coalesce(account_id, 0) = $3 and coalesce(robot_id, 0) = $4
  returning permissions, networks`)

/** Refuses with NOT_FOUND. */
export const removeAddressRule = transaction(
  'remove address rule',
  async (tx: Tx, { actor, owner, id }: { readonly actor: EventActor; readonly owner: RuleOwner; readonly id: number }) => {
    const ids = (['project', 'account', 'robot'] as const).map((kind) => (kind === owner.kind ? owner.id : 0))
    const removed = await tx.one(deleteAddressRule, id, ...ids)
    if (removed === undefined) return refuse('NOT_FOUND')
    if (owner.kind === 'project') await tx.run(countChange)
    const moved = await bumpDecided(tx, actor)
    if (moved !== undefined) return moved
    const permissions = removed.permissions === null ? null : (JSON.parse(removed.permissions) as unknown)
    const keys = { id, before: { owner, permissions, networks: removed.networks }, after: null }
    return await record(tx, { kind: 'address-rule.remove', actor, repositoryId: undefined, keys }, null)
  },
)
