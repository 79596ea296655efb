import type { Tx } from '../../database/index.ts'
import { digestAlgorithm, digestBytes, isDigest } from '../../oci/index.ts'
import type { SegmentStore } from '../../storage/index.ts'
import { nameOf, readSegment } from './chain.ts'
import type { RecordKind, RecoveryRecord } from './recovery-record.ts'
import type { RestorableState } from './restorable-state.ts'
import {
  displace,
  dropBlob,
  dropLink,
  dropManifest,
  dropNamespace,
  dropRepository,
  dropTag,
  dropTrash,
  putBlob,
  putLink,
  putManifest,
  putNamespace,
  putRepository,
  putTag,
  putTrash,
} from './restore-store.ts'

/** How many rows there are after the records were applied. */
export interface Restored {
  readonly repositories: number
  readonly tags: number
  readonly manifests: number
  readonly blobs: number
  /** Of all blobs. */
  readonly bytes: number
  /** Things whose last record says they exist, but not what they belong to: the segments contradict themselves. */
  readonly contradictions: readonly string[]
}

/**
 * Within one moment the records have no order, and a row can only be put where the rows are that it belongs to; so the segments
 * are read once for each of these. What then has no home is gone by a later record.
 */
const passes: readonly (readonly RecordKind[])[] = [['namespace'], ['repository', 'blob'], ['manifest', 'link'], ['tag', 'trash']]

/** Applies the records in their order: the last one about a thing counts. `dueAt`: when the collector looks at each blob. */
export async function restore(tx: Tx, segments: SegmentStore, state: RestorableState, dueAt: number): Promise<Restored> {
  const tally = new Tally()
  for (const kinds of passes) {
    for (let number = state.first; number <= state.last; number++) {
      const { records } = await readSegment(segments, number)
      for (const record of records) if (kinds.includes(record.kind)) await apply(tx, record, tally, { dueAt, segment: nameOf(number) })
    }
  }
  return tally
}

class Tally implements Restored {
  repositories = 0
  tags = 0
  manifests = 0
  blobs = 0
  bytes = 0
  readonly #homeless = new Set<string>()

  get contradictions(): readonly string[] {
    return [...this.#homeless]
  }

  /** Notes what became of one thing; answers by how much there are more. */
  note({ kind, key }: Pick<RecoveryRecord, 'kind' | 'key'>, came: 'added' | 'changed' | 'homeless' | boolean): number {
    const name = `${kind} ${key.join(' ')}`
    if (came === 'homeless') this.#homeless.add(name)
    else this.#homeless.delete(name)
    if (came === 'added') return 1
    return came === true ? -1 : 0
  }
}

interface Context {
  readonly dueAt: number
  readonly segment: string
}

async function apply(tx: Tx, record: RecoveryRecord, tally: Tally, context: Context): Promise<void> {
  const { kind, key, row } = record
  switch (kind) {
    case 'namespace':
      if (row?.deletedAt === null) await makeWay(tx, kind, key[0], row.name, tally)
      tally.note(record, row === null ? await dropNamespace(tx, key[0]) : await putNamespace(tx, key[0], row))
      return
    case 'repository':
      if (row?.deletedAt === null) await makeWay(tx, kind, key[0], row.path, tally)
      tally.repositories += tally.note(record, row === null ? await dropRepository(tx, key[0]) : await putRepository(tx, key[0], row))
      return
    case 'blob':
      return await applyBlob(tx, record, tally, context)
    case 'manifest':
      tally.manifests += tally.note(record, row === null ? await dropManifest(tx, ...key) : await putManifest(tx, ...key, row))
      return
    case 'link':
      tally.note(record, row === null ? await dropLink(tx, ...key) : await putLink(tx, ...key, row, context.dueAt))
      return
    case 'tag':
      tally.tags += tally.note(record, row === null ? await dropTag(tx, ...key) : await putTag(tx, ...key, row))
      return
    case 'trash':
      tally.note(record, row === null ? await dropTrash(tx, key[0]) : await putTrash(tx, key[0], row))
  }
}

/** Who loses a name here has another one by its own record, or the segments contradict themselves. */
async function makeWay(tx: Tx, kind: 'namespace' | 'repository', id: number, name: string, tally: Tally): Promise<void> {
  const displaced = await displace(tx, kind, id, name)
  if (displaced !== undefined) tally.note({ kind, key: [displaced] }, 'homeless')
}

async function applyBlob(tx: Tx, record: RecoveryRecord & { kind: 'blob' }, tally: Tally, context: Context): Promise<void> {
  const { key, row } = record
  // An empty blob has content too, which a frame can't tell from none.
  const bytes = record.bytes ?? (row?.size === 0 && row.object === null ? new Uint8Array(0) : undefined)
  if (bytes !== undefined) checkContent(key[0], bytes, context.segment)
  const before = row === null ? await dropBlob(tx, key[0]) : await putBlob(tx, key[0], row, bytes, context.dueAt)
  const there = before === undefined ? 0 : 1
  tally.blobs += (row === null ? 0 : 1) - there
  tally.bytes += (row?.size ?? 0) - (before ?? 0)
}

/** The segment's checksum was right, so this was wrong before it was written: it must not become a row. */
function checkContent(digest: string, bytes: Uint8Array, segment: string): void {
  if (!isDigest(digest) || digestBytes(bytes, digestAlgorithm(digest)) !== digest) {
    throw new Error(`the content of ${digest} in segment ${segment} has another digest`)
  }
}
