import type { Reads, Statement } from '../../database/index.ts'
import type { FeedEvent } from '../../record/index.ts'
import { blobRecords, linkRecord, manifestRecord, namespaceRecord, repositoryRecord, tagRecord, trashRecord } from './records-of-rows.ts'
import type { RecordKind, RecoveryRecord } from './recovery-record.ts'
import {
  namedBlobs,
  namedLinks,
  namedManifests,
  namedNamespaces,
  namedRepositories,
  namedTags,
  namedTrash,
  repositoriesOfNamespaces,
} from './state-store.ts'

/** A thing whose state may have changed: `r` is the id of the repository, `k` a digest or the name of a tag. */
interface Named {
  readonly r: number
  readonly k: string
}

interface NamedByKind extends Readonly<Record<Exclude<RecordKind, 'namespace'>, Map<string, Named>>> {
  /** Ids of projects. */
  readonly projects: Set<number>
  /** Those of them whose repositories have other paths now. */
  readonly moved: Set<number>
}

/**
 * The state, at this moment, of everything that the events name. What an event says is only where to look: what is written is
 * what the rows say.
 */
export async function* changedRecords(moment: Reads, events: readonly FeedEvent[]): AsyncGenerator<RecoveryRecord> {
  const named = namedBy(events)
  const repositories = await moment.all(namedRepositories, listOf(named.repository))
  const namespaces = new Set([...named.projects, ...repositories.map(({ namespace_id }) => namespace_id)])
  for (const row of await moment.all(namedNamespaces, idsOf(namespaces))) yield namespaceRecord(row)
  if (named.moved.size > 0) yield* (await moment.all(repositoriesOfNamespaces, idsOf(named.moved))).map(repositoryRecord)
  yield* states(named.repository, repositories.map(repositoryRecord), ({ r }) => ({ kind: 'repository', key: [r], row: null }))
  yield* blobStates(moment, named.blob)
  yield* states(named.manifest, await rows(moment, namedManifests, named.manifest, manifestRecord), ({ r, k }) => ({ kind: 'manifest', key: [r, k], row: null }))
  yield* states(named.link, await rows(moment, namedLinks, named.link, linkRecord), ({ r, k }) => ({ kind: 'link', key: [r, k], row: null }))
  yield* states(named.tag, await rows(moment, namedTags, named.tag, tagRecord), ({ r, k }) => ({ kind: 'tag', key: [r, k], row: null }))
  yield* states(named.trash, await rows(moment, namedTrash, named.trash, trashRecord), ({ r }) => ({ kind: 'trash', key: [r], row: null }))
}

/** Kinds of events that change the row of a blob, not only who holds it. */
const changesBlob = new Set(['blob.commit', 'blob.replace', 'blob.collect', 'object.damaged', 'manifest.put'])

function namedBy(events: readonly FeedEvent[]): NamedByKind {
  const named: NamedByKind = {
    repository: new Map(), blob: new Map(), manifest: new Map(), link: new Map(), tag: new Map(), trash: new Map(), projects: new Set(), moved: new Set(),
  }
  const add = (kind: Exclude<RecordKind, 'namespace'>, r: number, k: string): void => void named[kind].set(`${r} ${k}`, { r, k })
  for (const { kind, repositoryId: repository, keys } of events) {
    const digest = typeof keys['digest'] === 'string' ? keys['digest'] : undefined
    if (typeof keys['project'] === 'number') named.projects.add(keys['project'])
    if (typeof keys['project'] === 'number' && kind === 'project.rename') named.moved.add(keys['project'])
    if (digest !== undefined && changesBlob.has(kind)) add('blob', 0, digest)
    for (const id of numbered(keys['trash'])) add('trash', id, '')
    if (repository === undefined) continue
    add('repository', repository, '')
    if (digest !== undefined && /^(blob|link)\./.test(kind)) add('link', repository, digest)
    if (digest !== undefined && kind.startsWith('manifest.')) add('manifest', repository, digest)
    for (const tag of listed(keys['tags'])) add('tag', repository, tag)
    for (const manifest of listed(keys['manifests'])) add('manifest', repository, manifest)
  }
  return named
}

/** One number, or several. */
function numbered(ids: unknown): number[] {
  return (Array.isArray(ids) ? ids : [ids]).filter((id) => typeof id === 'number')
}

function listed(names: unknown): string[] {
  return Array.isArray(names) ? names.map(String) : []
}

async function* blobStates(moment: Reads, named: ReadonlyMap<string, Named>): AsyncGenerator<RecoveryRecord> {
  const found = named.size === 0 ? [] : await moment.all(namedBlobs, listOf(named))
  const present = new Set(found.map(({ digest }) => digest))
  for (const { k } of named.values()) if (!present.has(k)) yield { kind: 'blob', key: [k], row: null }
  yield* blobRecords(moment, found)
}

async function rows<Row>(
  moment: Reads,
  query: Statement<Row>,
  named: ReadonlyMap<string, Named>,
  recordOf: (row: Row) => RecoveryRecord,
): Promise<RecoveryRecord[]> {
  return named.size === 0 ? [] : (await moment.all(query, listOf(named))).map(recordOf)
}

/** What was found, and for what was not: that it is gone, which comes first, since a name may have gone over to another row. */
function* states(
  named: ReadonlyMap<string, Named>,
  found: readonly RecoveryRecord[],
  gone: (named: Named) => RecoveryRecord,
): Generator<RecoveryRecord> {
  const present = new Set(found.map(({ key }) => `${key[0]} ${key[1] ?? ''}`))
  for (const [name, each] of named) if (!present.has(name)) yield gone(each)
  yield* found
}

function idsOf(ids: ReadonlySet<number>): string {
  return JSON.stringify([...ids].map((id) => ({ r: id })))
}

function listOf(named: ReadonlyMap<string, Named>): string {
  return JSON.stringify([...named.values()])
}
