import type { Reads } from '../../database/index.ts'
import { type Freed, readLinkKey, type RegistrySettings, untaggedFor } from '../../registry/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import {
  blobThatGoes,
  bytesThatGoWith,
  dueAfter,
  type DueTrash,
  dueTrashAfter,
  linkThatGoes,
  type LostBlob,
  type LostLink,
  manifestThatGoes,
  objectThatGoes,
  type QueuedKey,
  rowsAtOnce,
  trashedLinkThatGoes,
  unnamedAfter,
  type UnnamedKey,
  uploadThatGoes,
} from './collection-store.ts'

export interface PreviewDeps {
  readonly database: Pick<Reads, 'all' | 'one'>
  readonly store: BlobStore
  readonly settings: Pick<RegistrySettings, 'drain' | 'lease' | 'untagged' | 'retention'>
}

type TrashPlace = Pick<DueTrash, 'purge_at' | 'id'>

/** Where a look goes on: in the queue, then in the trash, then among manifests that nothing may name. Plain JSON. */
export type PreviewPlace = QueuedKey | TrashPlace | UnnamedKey

const firstKey: QueuedKey = Object.freeze({ due_at: -1, kind: '', key: '' })
const firstInTrash: TrashPlace = Object.freeze({ purge_at: -1, id: 0 })
const firstManifest: UnnamedKey = Object.freeze({ since: -1, repository_id: 0, digest: '' })

export interface PreviewPage {
  readonly looked: number
  readonly freed: readonly Freed[]
  /** Absent behind the last page. */
  readonly next: PreviewPlace | undefined
}

/**
 * A page of what is due now, and what the collector would take away of it, read without a lock: what is pushed meanwhile may be counted. A
 * blob that goes with the last of its links is counted with the first of them.
 * @param now one moment for all pages, in ms since the epoch
 */
export async function previewPage(deps: PreviewDeps, now: number, after: PreviewPlace = firstKey): Promise<PreviewPage> {
  if ('since' in after) return await manifestsPage(deps, now, after)
  if ('purge_at' in after) return await trashPage(deps, now, after)
  const keys = await deps.database.all(dueAfter, now, after.due_at, after.kind, after.key)
  const freed: Freed[] = []
  for (const { kind, key } of keys) freed.push(...(await wouldFree(deps, now, kind, key)))
  return { looked: keys.length, freed, next: keys.length === rowsAtOnce ? keys.at(-1) : firstInTrash }
}

async function trashPage({ database }: PreviewDeps, now: number, after: TrashPlace): Promise<PreviewPage> {
  const rows = await database.all(dueTrashAfter, now, after.purge_at, after.id)
  const freed: Freed[] = []
  for (const row of rows) freed.push({ kind: 'trash', released: 0, freed: 0 }, ...(await goesWith(database, now, row)))
  const last = rows.at(-1)
  const next = rows.length === rowsAtOnce && last !== undefined ? { purge_at: last.purge_at, id: last.id } : firstManifest
  return { looked: rows.length, freed, next }
}

async function goesWith(database: PreviewDeps['database'], now: number, { kind, repository_id: repository, digest }: DueTrash): Promise<Freed[]> {
  if (kind === 'manifest') return lost(await database.one(bytesThatGoWith, repository, digest))
  return kind === 'blob' ? lostWith(await database.one(trashedLinkThatGoes, repository, digest, now)) : []
}

/** What such a manifest refers to goes later, once the leases of its blobs are over: it is not counted. */
async function manifestsPage({ database, settings }: PreviewDeps, now: number, after: UnnamedKey): Promise<PreviewPage> {
  const period = untaggedFor(settings)
  if (period === undefined) return { looked: 0, freed: [], next: undefined }
  const rows = await database.all(unnamedAfter, now - period, after.since, after.repository_id, after.digest)
  const freed: Freed[] = []
  for (const { repository_id: repository, digest } of rows) {
    if ((await database.one(manifestThatGoes, repository, digest, now - period, now)) === undefined) continue
    freed.push({ kind: 'manifest', released: 0, freed: 0 })
    if (settings.retention === 0) freed.push(...lost(await database.one(bytesThatGoWith, repository, digest)))
  }
  return { looked: rows.length, freed, next: rows.length === rowsAtOnce ? rows.at(-1) : undefined }
}

async function wouldFree({ database, store, settings }: PreviewDeps, now: number, kind: string, key: string): Promise<Freed[]> {
  if (kind === 'link') return await withLink(database, now, key)
  if (kind === 'blob') return lost(await database.one(blobThatGoes, Number(key)))
  if (kind === 'upload') return (await database.one(uploadThatGoes, key, now)) === undefined ? [] : [{ kind, released: 0, freed: 0 }]
  const object = await database.one(objectThatGoes, key, now - settings.drain)
  if (object === undefined) return []
  return [{ kind: 'object', released: 0, freed: object.key === null ? 0 : ((await store.stat(object.key))?.size ?? 0) }]
}

async function withLink(database: PreviewDeps['database'], now: number, key: string): Promise<Freed[]> {
  const { repositoryId, blobId } = readLinkKey(key)
  const link = await database.one(linkThatGoes, repositoryId, blobId, now)
  if (link === undefined) return []
  return [{ kind: 'link', released: 0, freed: 0 }, ...lostWith(link)]
}

function lostWith(link: LostLink | undefined): Freed[] {
  return link?.last === 1 ? lost(link) : []
}

function lost(blob: LostBlob | undefined): Freed[] {
  return blob === undefined ? [] : [{ kind: 'blob', released: blob.size, freed: blob.object_id === null ? blob.size : 0 }]
}
