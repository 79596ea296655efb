import { z } from 'zod'
import { type Caller, idAfter, type Place, Problem, type Sent } from '../api/index.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/index.ts'
import type { EventActor } from '../record/index.ts'
import { repositoryNamed } from './bearer-tokens/token-access.ts'
import { parseName } from './name.ts'
import { parsePathPattern } from './path-pattern.ts'
import { isPermission, type Permission } from './permissions.ts'
import type { Principal } from './principal.ts'
import type { Granter } from './rights/hand-on.ts'
import type { ProjectFacts, Rights } from './rights/rights.ts'

/** What the routes of this room, and of projects, are made of. */

export const nameShape = z
  .string()
  .refine((text) => parseName(text) !== undefined, 'up to 64 lower-case letters and digits, with single ".", "_" or "-" between them')
export const permissionShape = z.custom<Permission>((text) => typeof text === 'string' && isPermission(text), 'is no permission').meta({
  type: 'string',
})
export const idShape = z.string().regex(/^[1-9]\d{0,14}$/)
export const patternShape = z
  .string()
  .max(255)
  .describe('Repositories below the project: `*` for all, `web/*` for a beginning, an exact path, or an empty text for the one at the root.')
export const expiresInShape = z.int().min(1).max(10 * 366 * 86_400).describe('Seconds until it ends.')
export const timeShape = z.string().describe('RFC 3339.')

/** A time of the database as the API writes it. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

export function optionalTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : timeOf(ms)
}

/** Routes of a project and of the system are the same but for the project in the path. */
export function paramsOf<Shape extends z.ZodRawShape>(inProject: boolean, shape: Shape) {
  const schema = inProject ? z.object({ project: nameShape, ...shape }) : z.object(shape)
  return schema as unknown as z.ZodObject<Shape & { project: z.ZodOptional<z.ZodString> }>
}

export function placeOf({ project }: { readonly project?: string | undefined }) {
  return { project }
}

/** A repository in a query, by its path below the project; an empty text is the one at the root. */
export const repositoryPathShape = z.string().max(255).refine((text) => parsePathPattern(text)?.exact === true, 'is no path of a repository')

/** The whole path of a repository. @throws RegistryError `NAME_INVALID` where it is too long */
export function repositoryBelow(project: string, path: string): RepositoryName {
  return parseRepositoryName(path === '' ? project : `${project}/${path}`)
}

/** For routes with the path of a repository in the query. What can be nothing's path is asked about as the whole project is, and refused then. */
export function placeOfPath({ project }: { readonly project: string }, { path }: Sent): Place {
  if (path === undefined || !repositoryPathShape.safeParse(path).success) return { project }
  return { project, repository: repositoryNamed(path === '' ? project : `${project}/${path}`) }
}

export function actorOf({ identity, address, decidedAt }: Caller): EventActor {
  return { identity, address, decidedAt }
}

/** Of a caller who was let in as somebody. */
export function principalOf({ principal }: Caller): Principal {
  if (principal === undefined) throw new Problem('unauthenticated')
  return principal as Principal
}

export function granterOf(caller: Caller): Granter {
  return { principal: principalOf(caller), actor: actorOf(caller) }
}

/** What a request names, if it is there. */
export function existing<Found>(found: Found | undefined): Found {
  if (found === undefined) throw new Problem('not-found')
  return found
}

/**
 * The project that was decided about, as the decision saw it: what is changed can't be another one that has its name by now. Absent
 * for routes of the system.
 */
export async function decidedOn(rights: Pick<Rights, 'projectOf'>, project: string): Promise<ProjectFacts>
export async function decidedOn(rights: Pick<Rights, 'projectOf'>, project: string | undefined): Promise<ProjectFacts | undefined>
export async function decidedOn(rights: Pick<Rights, 'projectOf'>, project: string | undefined): Promise<ProjectFacts | undefined> {
  return project === undefined ? undefined : existing(await rights.projectOf(project))
}

/** A project that a request names beside the one it is about: absent where there is none, or none that the caller may see. */
export async function projectSeenBy(
  rights: Pick<Rights, 'decide' | 'projectOf'>,
  caller: Caller,
  project: string,
): Promise<ProjectFacts | undefined> {
  const { allowed } = await rights.decide(principalOf(caller), 'project.read', { project }, caller.address)
  return allowed ? await rights.projectOf(project) : undefined
}

/** For lists that go by ids. @throws Problem `cursor-invalid` */
export function pageById({ limit, after }: { readonly limit: number; readonly after: string | undefined }) {
  return { after: idAfter(after) ?? 0, limit: limit + 1 }
}

/** For lists that go by names. */
export function pageByName({ limit, after = '' }: { readonly limit: number; readonly after: string | undefined }) {
  return { after, limit: limit + 1 }
}

/** One more than the page was read: whether there is a next one. */
export function cut<Row, Item>(rows: readonly Row[], limit: number, key: (row: Row) => string, show: (row: Row) => Item) {
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { items: kept.map(show), next: rows.length > limit && last !== undefined ? key(last) : undefined }
}
