import { pathBelow, type PathPattern } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { gives, isExcluding } from './decide.ts'
import type { AddressRule, Grant, PrincipalRights } from './granted.ts'
import type { ListRange, ListScope, ProjectFacts } from './rights.ts'

export interface ListQuestion {
  readonly principal: Principal | undefined
  readonly rights: PrincipalRights
  readonly permission: 'repository.list' | 'project.read'
  readonly address: string
  /** The address rules of all projects, by id. */
  readonly addressRules: ReadonlyMap<number, readonly AddressRule[]>
}

const nothing: ListScope = Object.freeze({ everywhere: false, visibilities: [], projects: [], ranges: [], excluded: [] })

/** What `decide` allows, for all places at once. Where a credential narrows it, `narrow` has to see the result. */
export function listScopeOf({ principal, rights, permission, address, addressRules }: ListQuestion): ListScope {
  const isBarred = rights.addressRules.some((rule) => isExcluding(rule, permission, address))
  if (principal?.mustChange === true || isBarred) return nothing
  const own = principal?.project
  const everywhere = own === undefined && rights.inSystem.some((grant) => gives(grant, permission))
  const projects: number[] = []
  const ranges: ListRange[] = []
  for (const [id, { all }] of rights.inProjects) {
    if (own !== undefined && own !== id) continue
    const counting = all.filter((grant) => gives(grant, permission))
    if (counting.some(({ pattern }) => isWhole(pattern, permission))) projects.push(id)
    else ranges.push(...counting.flatMap((grant) => rangeOf(id, grant)))
  }
  const excluding = ([, rules]: [number, readonly AddressRule[]]) => rules.some((rule) => isExcluding(rule, permission, address))
  const excluded = [...addressRules].filter(excluding).map(([id]) => id)
  return { everywhere, visibilities: principal?.kind === 'account' ? ['public', 'internal'] : ['public'], projects, ranges, excluded }
}

/** Who may read a part of a project may see that it is there. */
function isWhole({ prefix, exact }: PathPattern, permission: Permission): boolean {
  return permission === 'project.read' || (prefix === '' && !exact)
}

// Sorts before, and behind, everything that a path can go on with.
const first = ' '
const last = '~'

/** The repositories of a grant lie next to each other in the order of their paths. */
function rangeOf(project: number, { projectName, pattern }: Grant): ListRange[] {
  if (projectName === undefined) return []
  const from = pattern.prefix === '' ? projectName : `${projectName}/${pattern.prefix}`
  return [{ project, from, to: from + (pattern.exact ? first : last) }]
}

/** Whether a credential leaves lists as they are. */
export function isNarrowed(principal: Principal | undefined, permission: Permission): boolean {
  return principal?.ceilings.some((ceiling) => !ceiling.allows(permission, undefined, undefined)) === true
}

/**
 * The part of a scope that a narrow credential leaves: projects that all of its ceilings allow as a whole, and those granted parts that
 * lie in what they allow. A ceiling that allows a part of what was granted as a whole leaves nothing of it: such a list is shorter than
 * it could be, and never longer.
 */
export function narrow(scope: ListScope, principal: Principal, permission: Permission, all: readonly ProjectFacts[]): ListScope {
  const allowed = (project: number, path: string | undefined): boolean =>
    principal.ceilings.every((ceiling) => ceiling.allows(permission, project, path))
  const granted = new Set(scope.projects)
  const seen = all.filter(({ id, visibility }) => scope.everywhere || scope.visibilities.includes(visibility) || granted.has(id))
  const projects = seen.filter(({ id }) => allowed(id, undefined)).map(({ id }) => id)
  const ranges = scope.ranges.filter(({ project, from, to }) => allowed(project, pathOf(from, to)))
  return { ...scope, everywhere: false, visibilities: [], projects, ranges }
}

/** Of one repository its path; of a beginning a path that only what covers the whole beginning covers. */
function pathOf(from: string, to: string): string {
  return to.endsWith(last) ? pathBelow(to) : pathBelow(from)
}
