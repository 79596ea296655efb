import type { Reads } from '../../database/index.ts'
import { createAddressSet, parseNetworks } from '../../lib/index.ts'
import { formatPathPattern, type PathPattern } from '../path-pattern.ts'
import { type Permission, readPermissions } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import type { AddressRule, Grant, PrincipalRights, ProjectRights, TagRule } from './granted.ts'
import { projectGrants } from './project-grants.ts'
import type { ProjectFacts } from './rights.ts'
import {
  addressRulesAfter,
  addressRulesOfAccount,
  addressRulesOfProject,
  addressRulesOfRobot,
  grantsOfGroups,
  grantsOfSubject,
  permissionsOfRobot,
  projectNamed,
  projectsAfter,
  rolesAfter,
  tagRulesOfProject,
  type AddressRuleRow,
  type GrantRow,
  type ProjectRow,
  type TagRuleRow,
} from './rights-store.ts'
import { parseTagPattern } from './tag-pattern.ts'

/** Permissions of every role there is, by its name. */
export type Roles = ReadonlyMap<string, ReadonlySet<Permission>>

/** How much one statement answers of what is read whole. */
const atOnce = 1_000

export async function loadRoles(reads: Reads): Promise<Roles> {
  const roles = new Map<string, ReadonlySet<Permission>>(Object.entries(builtInRoles).map(([name, list]) => [name, new Set(list)]))
  for (let last = ''; ; ) {
    const rows = await reads.all(rolesAfter, last, atOnce)
    // A row can't change what a built-in name means.
    for (const { name, permissions } of rows) if (!Object.hasOwn(builtInRoles, name)) roles.set(name, permissionsOf(permissions))
    if (rows.length < atOnce) return roles
    last = rows.at(-1)?.name ?? last
  }
}

export async function loadProject(reads: Reads, name: string): Promise<ProjectRights | undefined> {
  const [row, tagRules, addressRules] = await Promise.all([
    reads.one(projectNamed, name),
    reads.all(tagRulesOfProject, name),
    reads.all(addressRulesOfProject, name),
  ])
  if (row === undefined) return undefined
  return {
    facts: factsOf(row),
    tagRules: tagRules.map(tagRuleOf),
    addressRules: addressRules.map((rule) => addressRuleOf(rule, `project ${row.name}`)),
  }
}

export async function loadPrincipal(reads: Reads, { kind, id, name, groups }: Principal, roles: Roles): Promise<PrincipalRights> {
  const isRobot = kind === 'robot'
  const [granted, throughGroups, held, addressRules] = await Promise.all([
    reads.all(grantsOfSubject, kind, id),
    groups.length === 0 ? [] : reads.all(grantsOfGroups, JSON.stringify(groups)),
    isRobot ? reads.all(permissionsOfRobot, id) : [],
    reads.all(isRobot ? addressRulesOfRobot : addressRulesOfAccount, id),
  ])
  const grants = [
    ...granted.map((row) => grantOf(row, roles, `${kind} ${name}`)),
    ...throughGroups.map((row) => grantOf(row, roles, `group ${row.group_name}`)),
    ...held.map((row) => heldBy(row, name)),
  ]
  return { ...byProject(grants), addressRules: addressRules.map((rule) => addressRuleOf(rule, `${kind} ${name}`)) }
}

/** The address rules of all projects, by the project's id. */
export async function loadAddressRules(reads: Reads): Promise<ReadonlyMap<number, readonly AddressRule[]>> {
  const rules = new Map<number, AddressRule[]>()
  // Many projects have the same one: it is in memory once, and an address is looked for in it once.
  const known = new Map<string, AddressRule>()
  for (let last = 0; ; ) {
    const rows = await reads.all(addressRulesAfter, last, atOnce)
    for (const row of rows) {
      const text = `${row.permissions} ${row.networks}`
      const rule = known.get(text) ?? addressRuleOf(row, 'the project')
      known.set(text, rule)
      append(rules, row.namespace_id, rule)
    }
    if (rows.length < atOnce) return rules
    last = rows.at(-1)?.id ?? last
  }
}

/** Every project that has not been deleted. */
export async function loadProjects(reads: Reads): Promise<readonly ProjectFacts[]> {
  const projects: ProjectFacts[] = []
  for (let last = 0; ; ) {
    const rows = await reads.all(projectsAfter, last, atOnce)
    projects.push(...rows.map(factsOf))
    if (rows.length < atOnce) return projects
    last = rows.at(-1)?.id ?? last
  }
}

function factsOf({ id, name, visibility, state, created_at: createdAt, trash, trash_until: until }: ProjectRow): ProjectFacts {
  const facts = { id, name, visibility, state, createdAt }
  return typeof trash === 'number' && typeof until === 'number' ? { ...facts, trash: { number: trash, until } } : facts
}

function byProject(grants: readonly Grant[]): Pick<PrincipalRights, 'inSystem' | 'inProjects'> {
  const inSystem: Grant[] = []
  const inProjects = new Map<number, Grant[]>()
  for (const grant of grants) {
    if (grant.project === undefined) inSystem.push(grant)
    else append(inProjects, grant.project, grant)
  }
  return { inSystem, inProjects: new Map([...inProjects].map(([id, list]) => [id, projectGrants(list)])) }
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function grantOf(row: GrantRow, roles: Roles, subject: string): Grant {
  const name = `role ${row.role}, granted to ${subject} ${whereOf(row)}`
  // A role that is not there any more gives nothing.
  return { ...placeOf(row), role: row.role, permissions: roles.get(row.role) ?? new Set(), name }
}

function heldBy(row: Omit<GrantRow, 'role'> & { readonly permissions: string }, robot: string): Grant {
  const name = `a permission of robot ${robot} ${whereOf(row)}`
  return { ...placeOf(row), role: undefined, permissions: permissionsOf(row.permissions), name }
}

function placeOf(row: Omit<GrantRow, 'role'>): Pick<Grant, 'project' | 'projectName' | 'pattern'> {
  return { project: row.namespace_id ?? undefined, projectName: row.project ?? undefined, pattern: patternOf(row) }
}

function whereOf(row: Omit<GrantRow, 'role'>): string {
  if (row.project === null) return 'in the whole system'
  const pattern = patternOf(row)
  return pattern.prefix === '' && !pattern.exact ? `in project ${row.project}` : `in project ${row.project} on "${formatPathPattern(pattern)}"`
}

function patternOf({ prefix, exact }: { readonly prefix: string; readonly exact: number }): PathPattern {
  return { prefix, exact: exact !== 0 }
}

function tagRuleOf({ pattern, permissions, roles, ...path }: TagRuleRow): TagRule {
  const tags = parseTagPattern(pattern)
  if (tags === undefined) throw new Error(`the tag rule "${pattern}" in the database is malformed`)
  return { pattern: patternOf(path), tags, permissions: permissionsOf(permissions), roles: JSON.parse(roles) as string[] }
}

function addressRuleOf({ permissions, networks }: AddressRuleRow, of: string): AddressRule {
  const parsed = parseNetworks(networks)
  if (parsed === undefined) throw new Error(`the address rule "${networks}" in the database is malformed`)
  return { permissions: permissions === null ? undefined : permissionsOf(permissions), networks: createAddressSet(parsed), of }
}

function permissionsOf(text: string): ReadonlySet<Permission> {
  return new Set(readPermissions(text))
}
