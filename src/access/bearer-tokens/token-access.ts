import { type JsonObject, parseRepositoryName, RegistryError, type RepositoryName } from '../../oci/index.ts'
import { pathBelow } from '../path-pattern.ts'
import type { Permission } from '../permissions.ts'
import type { Ceiling, Principal } from '../principal.ts'

/** What a bearer token allows at most, as it stands in its `access` (one entry for each resource). */
export interface TokenAccess {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
  /** Of a repository: the id of the project that had this name when the token was issued; null when there was none. */
  readonly project?: number | null
}

/** The words of a scope that name something in a repository, and what each of them is here. */
export const repositoryActions: Readonly<Record<'pull' | 'push' | 'delete', readonly Permission[]>> = Object.freeze({
  pull: ['content.pull', 'repository.list'],
  push: ['content.push', 'tag.create', 'tag.move', 'repository.create'],
  delete: ['content.delete', 'tag.delete', 'repository.delete'],
})

/** One of these is enough for the word; which of them it is, is decided when something is done. */
export const decisivePermissions = Object.freeze({
  pull: ['content.pull'],
  push: ['content.push'],
  delete: ['content.delete', 'tag.delete', 'repository.delete'],
} as const satisfies Record<RepositoryAction, readonly Permission[]>)

export type RepositoryAction = keyof typeof repositoryActions

export function isRepositoryAction(text: string): text is RepositoryAction {
  return Object.hasOwn(repositoryActions, text)
}

/** The name that a scope gives to a repository; absent for what is no name. */
export function repositoryNamed(text: string): RepositoryName | undefined {
  try {
    return parseRepositoryName(text)
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

const scopes = new WeakSet<Ceiling>()

/**
 * Takes away all that a token does not name. Projects are compared by id: a token never reaches into one that was made after it was
 * issued, whatever its name is. Where no project is, a push to a path that the token names is left, with `project.create` for that path
 * alone: a project that is asked for by itself would be one of any name.
 */
export function scopeCeiling(access: readonly TokenAccess[]): Ceiling {
  const places = access.filter(({ type }) => type === 'repository').map(placeOf)
  const list = allowsList(access)
  const ceiling: Ceiling = {
    name: 'the scope of the bearer token',
    allows: (permission, project, path) =>
      places.some((place) => place.project === (project ?? null) && place.path === path && place.permissions.has(permission)) ||
      (list && permission === 'repository.list'),
  }
  scopes.add(ceiling)
  return Object.freeze(ceiling)
}

/** What an entry allows and where: read once, since each request asks. Without a project it is good where none is. */
function placeOf({ project, name, actions }: TokenAccess): {
  readonly project: number | null | undefined
  readonly path: string
  readonly permissions: ReadonlySet<Permission>
} {
  const allowed = new Set<Permission>(actions.filter(isRepositoryAction).flatMap((action) => repositoryActions[action]))
  if (project === null && actions.includes('push')) allowed.add('project.create')
  return { project, path: pathBelow(name), permissions: allowed }
}

/** Whether a token is for the list of repositories, which shows what its owner may see. */
export function allowsList(access: readonly TokenAccess[]): boolean {
  return access.some(({ type, name, actions }) => type === 'registry' && name === 'catalog' && actions.includes('*'))
}

/** Whoever is behind a bearer token, without what its scope takes away: what a wider token could be given. */
export function withoutScope(principal: Principal): Principal {
  return { ...principal, ceilings: principal.ceilings.filter((ceiling) => !scopes.has(ceiling)) }
}

/** Reads `access`; absent when it is not as the token service writes it (docs.docker.com, "Token Authentication Specification"). */
export function readAccess(value: unknown): readonly TokenAccess[] | undefined {
  if (!Array.isArray(value)) return undefined
  const entries = value.map(readEntry)
  return entries.some((entry) => entry === undefined) ? undefined : (entries as TokenAccess[])
}

function readEntry(value: unknown): TokenAccess | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { type, name, actions, project } = value as JsonObject
  if (typeof type !== 'string' || typeof name !== 'string' || !isListOfStrings(actions)) return undefined
  if (project === undefined) return { type, name, actions }
  return project === null || isId(project) ? { type, name, actions, project } : undefined
}

export function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

export function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
