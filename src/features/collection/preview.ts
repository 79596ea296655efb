import type { Reads } from '../../database/index.ts'
import { type Freed, readLinkKey, type RegistrySettings, untaggedFor } from '../../registry/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import { blobThatGoes, dueAfter, linkThatGoes, type LostBlob, manifestThatGoes, objectThatGoes, type QueuedKey, rowsAtOnce, unnamedAfter, type UnnamedKey, uploadThatGoes } from './collection-store.ts'

export interface PreviewDeps {
  readonly database: Pick<Reads, 'all' | 'one'>
  readonly store: BlobStore
  readonly settings: Pick<RegistrySettings, 'drain' | 'lease' | 'untagged'>
}

/** Where a look goes on: in the queue, then among manifests that nothing may name. Plain JSON. */
export type PreviewPlace = QueuedKey | UnnamedKey

const firstKey: QueuedKey = Object.freeze({ due_at: -1, kind: '', key: '' })
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
  const keys = await deps.database.all(dueAfter, now, after.due_at, after.kind, after.key)
  const freed: Freed[] = []
  for (const { kind, key } of keys) freed.push(...(await wouldFree(deps, now, kind, key)))
  return { looked: keys.length, freed, next: keys.length === rowsAtOnce ? keys.at(-1) : firstManifest }
}

/** What goes with such a manifest goes later, once the leases of its blobs are over: it is not counted. */
async function manifestsPage({ database, settings }: PreviewDeps, now: number, after: UnnamedKey): Promise<PreviewPage> {
  const period = untaggedFor(settings)
  if (period === undefined) return { looked: 0, freed: [], next: undefined }
  const rows = await database.all(unnamedAfter, now - period, after.since, after.repository_id, after.digest)
  const freed: Freed[] = []
  for (const { repository_id: repository, digest } of rows) {
    if ((await database.one(manifestThatGoes, repository, digest, now - period, now)) !== undefined) freed.push({ kind: 'manifest', released: 0, freed: 0 })
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
  return [{ kind: 'link', released: 0, freed: 0 }, ...(link.last === 1 ? lost(link) : [])]
}

function lost(blob: LostBlob | undefined): Freed[] {
  return blob === undefined ? [] : [{ kind: 'blob', released: blob.size, freed: blob.object_id === null ? blob.size : 0 }]
}
