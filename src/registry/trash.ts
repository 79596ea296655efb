import type { Database } from '../database/index.ts'
import { namespaceOf, RegistryError, type Digest, type RepositoryName, type Tag } from '../oci/index.ts'
import type { Actor } from './actor.ts'
import { admit, checkPlace, creationEvidence } from './admission.ts'
import { resultOf } from './failure.ts'
import { repositoryId } from './list-store.ts'
import type { Action, Authorize } from './ports.ts'
import { purgeTrash } from './purge-transactions.ts'
import type { Trash, TrashEntry, TrashList, TrashPage, TrashPlace } from './registry.ts'
import { restoreTrash } from './restore-transactions.ts'
import type { RegistrySettings } from './settings.ts'
import { detailOf, namespaceByName, trashById, trashOfNamespace, trashOfRepository, type TrashRow } from './trash-store.ts'

export interface TrashDeps {
  readonly database: Database
  readonly authorize: Authorize
  readonly settings: RegistrySettings
}

export function createTrash(deps: TrashDeps): Trash {
  const { database, settings } = deps
  return {
    list: async (actor, place, page) => await listTrash(deps, actor, place, page),
    get: async (actor, id) => entryOf((await findAdmitted(deps, actor, 'restore', id)).row),
    restore: async (actor, id) => {
      const { row, project } = await findAdmitted(deps, actor, 'restore', id)
      const tags = await creationEvidence(deps.authorize, actor, pathOf(row), tagsOf(row))
      const input = { id, project, actor: { identity: actor.identity, address: actor.address }, tags, lease: settings.lease }
      const restored = resultOf(await database.transact(restoreTrash, input))
      return {
        tags: restored.tags as readonly Tag[],
        leftOut: restored.leftOut.map(({ tag, reason }) => ({ tag: tag as Tag, reason })),
        manifests: restored.manifests as readonly Digest[],
      }
    },
    purge: async (actor, id) => {
      const { project } = await findAdmitted(deps, actor, 'purge', id)
      const input = { id, project, actor: { identity: actor.identity, address: actor.address }, lease: settings.lease }
      resultOf(await database.transact(purgeTrash, input))
    },
  }
}

/** A number says nothing of a place: what is hidden is refused in the words for what is not there. */
async function findAdmitted({ database, authorize }: TrashDeps, actor: Actor, action: Action, id: number) {
  const row = await database.one(trashById, id)
  if (row === undefined) throw new RegistryError('TRASH_UNKNOWN')
  const repository = pathOf(row)
  const decision = await authorize({ actor, action, namespace: namespaceOf(repository), repository })
  if (!decision.allowed && decision.hidden === true) throw new RegistryError('TRASH_UNKNOWN')
  const project = await admit(authorize, actor, action, repository)
  checkPlace(project, row)
  return { row, project }
}

/** Rows read at a time, and how often for one page: what may not be seen is passed over, for a while. */
const [rowsAtOnce, readsAtMost] = [200, 10]

async function listTrash(deps: TrashDeps, actor: Actor, place: TrashPlace, { limit, last }: TrashPage): Promise<TrashList> {
  const read = await readerOf(deps, actor, place)
  const mayRestore = rememberingDecisions(deps.authorize, actor)
  const entries: TrashEntry[] = []
  let next = last ?? Number.MAX_SAFE_INTEGER
  for (let reads = 0; reads < readsAtMost; reads++) {
    const rows = await read(next)
    for (const row of rows) {
      if (entries.length === limit) return { entries, next }
      next = row.id
      if (isAsked(place, row) && (await mayRestore(row))) entries.push(entryOf(row))
    }
    if (rows.length < rowsAtOnce) return { entries, next: undefined }
  }
  return { entries, next }
}

/** Of a repository that is in the trash itself nothing is found by its id: it is told from the others by its path. */
function isAsked({ repository }: TrashPlace, row: TrashRow): boolean {
  return (repository ?? pathOf(row)) === pathOf(row)
}

type ReadPage = (before: number) => Promise<readonly TrashRow[]>

/** Of a repository it is decided once; of a project for each of the repositories that come. */
async function readerOf({ database, authorize }: TrashDeps, actor: Actor, { project, repository, kind }: TrashPlace): Promise<ReadPage> {
  if (repository !== undefined) {
    const decidedOn = await admit(authorize, actor, 'restore', repository)
    const found = await database.one(repositoryId, repository)
    checkPlace(decidedOn, found)
    if (found !== undefined) return (before) => database.all(trashOfRepository[kind ?? 'any'], found.id, before, rowsAtOnce)
  }
  const found = await database.one(namespaceByName, project)
  if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
  return (before) => database.all(trashOfNamespace[kind ?? 'any'], found.id, before, rowsAtOnce)
}

function rememberingDecisions(authorize: Authorize, actor: Actor): (row: TrashRow) => Promise<boolean> {
  const decided = new Map<string, boolean>()
  return async (row) => {
    const repository = pathOf(row)
    const known = decided.get(repository)
    if (known !== undefined) return known
    const { allowed, project } = await authorize({ actor, action: 'restore', namespace: namespaceOf(repository), repository })
    const seen = allowed && (project ?? row.namespace_id) === row.namespace_id
    decided.set(repository, seen)
    return seen
  }
}

/** A deleted repository has the path that it had; its project may be called something else by now. */
const pathOf = ({ project, path }: TrashRow): RepositoryName => `${project}${path.slice(`${path}/`.indexOf('/'))}` as RepositoryName

/** Tags that come back with it. */
function tagsOf(row: TrashRow): readonly Tag[] {
  return (row.kind === 'tag' && row.tag !== null ? [row.tag] : (detailOf(row).tags ?? [])) as readonly Tag[]
}

function entryOf(row: TrashRow): TrashEntry {
  return {
    id: row.id,
    kind: row.kind,
    path: pathOf(row),
    tag: (row.tag ?? undefined) as Tag | undefined,
    digest: (row.digest ?? undefined) as Digest | undefined,
    tags: (detailOf(row).tags ?? []) as readonly Tag[],
    cause: row.cause,
    deletedAt: row.deleted_at,
    deletedBy: row.deleted_by ?? undefined,
    purgeAt: row.purge_at,
  }
}
