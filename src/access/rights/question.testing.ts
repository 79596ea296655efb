import { createAddressSet, parseNetworks } from '../../lib/index.ts'
import type { Tag } from '../../oci/index.ts'
import { parsePathPattern } from '../path-pattern.ts'
import { permissions, type Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import type { Question } from './decide.ts'
import type { AddressRule, Grant, PrincipalRights, ProjectRights, TagRule } from './granted.ts'
import { projectGrants } from './project-grants.ts'
import type { ProjectFacts } from './rights.ts'
import { parseTagPattern } from './tag-pattern.ts'

/** Questions for tests of decisions, made of the few words that matter to each. */

export const everyPermission = Object.keys(permissions) as Permission[]

/** `team` is project 1, `other` project 2. */
export const ids = { team: 1, other: 2 } as const
export type ProjectName = keyof typeof ids

export function facts(name: ProjectName, given: Partial<ProjectFacts> = {}): ProjectFacts {
  return { id: ids[name], name, visibility: 'private', state: 'live', createdAt: 0, ...given }
}

export function account(given: Partial<Principal> = {}): Principal {
  return { kind: 'account', id: 7, name: 'alice', version: 1, groups: [], project: undefined, ceilings: [], mustChange: false, ...given }
}

export function robot(project: ProjectName | undefined): Principal {
  return account({ kind: 'robot', name: 'robot$ci', project: project && ids[project] })
}

/** @param project absent: in the whole system */
export function grant(role: string, project?: ProjectName, path = '*', granted: readonly Permission[] = builtInRoles[role] ?? []): Grant {
  const pattern = parsePathPattern(path)
  if (pattern === undefined) throw new Error(`"${path}" is no pattern`)
  const place = { project: project && ids[project], projectName: project, pattern }
  return { ...place, role, permissions: new Set(granted), name: `role ${role} on ${project ?? 'everything'} ${path}` }
}

export function rightsOf(grants: readonly Grant[], addressRules: readonly AddressRule[] = []): PrincipalRights {
  const given = Map.groupBy(grants.filter(({ project }) => project !== undefined), ({ project }) => project as number)
  const inProjects = new Map([...given].map(([id, list]) => [id, projectGrants(list)]))
  return { inSystem: grants.filter(({ project }) => project === undefined), inProjects, addressRules }
}

export function tagRule(tags: string, roles: readonly string[], path = '*', limited = ['tag.create', 'tag.move', 'tag.delete'] as Permission[]): TagRule {
  const [pattern, parsed] = [parsePathPattern(path), parseTagPattern(tags)]
  if (pattern === undefined || parsed === undefined) throw new Error('no pattern')
  return { pattern, tags: parsed, permissions: new Set(limited), roles }
}

export function addressRule(of: string, networks: string, limited?: readonly Permission[]): AddressRule {
  return { permissions: limited && new Set(limited), networks: createAddressSet(parseNetworks(networks) ?? []), of }
}

export interface Asked {
  readonly by?: Principal | undefined
  readonly grants?: readonly Grant[]
  /** Of the principal. */
  readonly addressRules?: readonly AddressRule[]
  readonly project?: Partial<ProjectRights>
  /** No project of that name; or the question is about the system. */
  readonly absent?: boolean
  readonly path?: string | undefined
  readonly tag?: string
  readonly address?: string
}

/** About the repository `team/app`, asked by an account with nothing, unless told otherwise. */
export function question(permission: Permission, asked: Asked = {}): Question {
  const project = { facts: facts('team'), tagRules: [], addressRules: [], ...asked.project }
  return {
    principal: 'by' in asked ? asked.by : account(),
    rights: rightsOf(asked.grants ?? [], asked.addressRules),
    permission,
    project: asked.absent === true ? undefined : project,
    path: 'path' in asked ? asked.path : 'app',
    tag: asked.tag as Tag | undefined,
    address: asked.address ?? '10.0.0.1',
  }
}
