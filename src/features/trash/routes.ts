import { z } from 'zod'
import {
  actorOf,
  decidedOn,
  nameShape,
  type Permission,
  placeOfPath,
  principalOf,
  type ProjectFacts,
  repositoryBelow,
  repositoryPathShape,
  type Rights,
} from '../../access/index.ts'
import { type Caller, defineRoute, idAfter, Problem, type Route } from '../../api/index.ts'
import { RegistryError, type RepositoryName } from '../../oci/index.ts'
import type { Projects, Repositories } from '../../projects/index.ts'
import type { Registry, Restored, TrashCommand, TrashEntry } from '../../registry/index.ts'
import { entryShape, kindShape, placeOfEntry, restoredShape, shownEntry, shownRestored } from './trash-shapes.ts'

export interface TrashRoutesDeps {
  /** Its trash decides by itself who may see, restore and purge what. */
  readonly registry: Pick<Registry, 'trash'>
  readonly rights: Pick<Rights, 'decide' | 'projectOf'>
  readonly projects: Pick<Projects, 'restore' | 'purge'>
  readonly repositories: Pick<Repositories, 'restore' | 'purge'>
}

const params = z.object({ trash: z.string().regex(/^[1-9]\d{0,14}$/) })

export function trashRoutes(deps: TrashRoutesDeps): readonly Route[] {
  return [...readingRoutes(deps), ...changingRoutes(deps)]
}

function readingRoutes({ registry, rights }: TrashRoutesDeps): Route[] {
  return [
    defineRoute({
      id: 'listTrash',
      method: 'GET',
      path: '/projects/{project}/trash',
      summary: 'What was deleted in a project and can be restored, the newest first.',
      needs: 'content.restore',
      place: ({ project }, { repository: path }) => (path === undefined ? { project } : placeOfPath({ project }, { path })),
      params: z.object({ project: nameShape }),
      query: z.object({
        repository: repositoryPathShape.optional().describe('Only of this repository, by its path below the project.'),
        kind: kindShape.optional(),
      }),
      status: 200,
      reply: entryShape,
      list: true,
      handle: async ({ caller, params: { project: named }, query: { repository: path, kind }, page: { limit, after } }) => {
        const { name: project } = await decidedOn(rights, named)
        const repository = path === undefined ? undefined : repositoryBelow(project, path)
        const { entries, next } = await registry.trash.list(caller, { project, repository, kind }, { limit, last: idAfter(after) })
        return { items: entries.map(shownEntry), next: next === undefined ? undefined : String(next) }
      },
    }),
    defineRoute({
      id: 'getTrash',
      method: 'GET',
      path: '/trash/{trash}',
      summary: 'Something that was deleted and can be restored.',
      needs: 'anybody',
      params,
      status: 200,
      reply: entryShape,
      handle: async ({ caller, params: { trash: id } }) => shownEntry(await found(registry, caller, id)),
    }),
  ]
}

function changingRoutes(deps: TrashRoutesDeps): Route[] {
  return [
    defineRoute({
      id: 'restoreTrash',
      method: 'POST',
      path: '/trash/{trash}/restore',
      summary: 'Brings something back that was deleted. A project takes project.delete as well.',
      needs: 'anybody',
      params,
      status: 200,
      reply: restoredShape,
      handle: async ({ caller, params: { trash: id } }) => await restore(deps, caller, id),
    }),
    defineRoute({
      id: 'purgeTrash',
      method: 'DELETE',
      path: '/trash/{trash}',
      summary: 'Ends something that was deleted before its time: nobody can restore it any more. A project takes project.delete as well.',
      needs: 'anybody',
      params,
      status: 204,
      handle: async ({ caller, params: { trash: id } }) => await purge(deps, caller, id),
    }),
  ]
}

/** Where it lies is known only once it is found: so nothing is told, by the trash itself, to whoever may not restore it. */
async function found({ trash }: TrashRoutesDeps['registry'], caller: Caller, id: string): Promise<TrashEntry> {
  principalOf(caller)
  if (caller.mustChange) throw new Problem('password-change-required')
  return await allowed(trash.get(caller, Number(id)))
}

const nothingElse: Restored = Object.freeze({ tags: [], leftOut: [], manifests: [] })

async function restore({ registry, rights, projects, repositories }: TrashRoutesDeps, caller: Caller, id: string) {
  const entry = await found(registry, caller, id)
  const { kind, path } = entry
  if (kind === 'project') {
    const command = await commandOf(rights, caller, entry, ['project.delete'])
    return shownRestored(kind, await projects.restore(command), nothingElse)
  }
  if (kind === 'repository') return shownRestored(kind, await repositories.restore(await commandOf(rights, caller, entry, [])), nothingElse)
  return shownRestored(kind, path, await allowed(registry.trash.restore(caller, entry.id)))
}

async function purge({ registry, rights, projects, repositories }: TrashRoutesDeps, caller: Caller, id: string): Promise<void> {
  const entry = await found(registry, caller, id)
  if (entry.kind === 'project') await projects.purge(await commandOf(rights, caller, entry, ['content.purge', 'project.delete']))
  else if (entry.kind === 'repository') await repositories.purge(await commandOf(rights, caller, entry, ['content.purge']))
  else await allowed(registry.trash.purge(caller, entry.id))
}

/** For whoever has these permissions there as well. */
async function commandOf(
  rights: TrashRoutesDeps['rights'],
  caller: Caller,
  entry: TrashEntry,
  needed: readonly Permission[],
): Promise<TrashCommand> {
  const { project } = placeOfEntry(entry)
  const at = entry.kind === 'project' ? { project } : { repository: entry.path as RepositoryName }
  for (const permission of needed) {
    const { allowed: may, rule } = await rights.decide(principalOf(caller), permission, at, caller.address)
    if (!may) throw new Problem('forbidden', { detail: `you may not do this: ${rule}` })
  }
  const { id }: ProjectFacts = await decidedOn(rights, project)
  return { trash: entry.id, project: id, actor: actorOf(caller) }
}

/** What the core refuses, in the words of the other routes. */
async function allowed<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    // The same for what is hidden.
    if (error instanceof RegistryError && error.code === 'TRASH_UNKNOWN') throw new Problem('not-found', { detail: error.message, cause: error })
    const refused = error instanceof RegistryError && (error.code === 'DENIED' || error.code === 'UNAUTHORIZED')
    throw refused ? new Problem('forbidden', { detail: error.message, cause: error }) : error
  }
}
