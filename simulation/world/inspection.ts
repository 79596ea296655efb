import type { BlobRow, ObjectRow } from '../rig/rows.ts'
import type { Ledger } from './ledger.ts'
import type { Observer } from './observer.ts'
import { storeRoot } from './server.ts'

export interface InspectionDeps {
  readonly observer: Observer
  readonly ledger: Ledger
  /** Sizes by path. */
  readonly files: ReadonlyMap<string, number>
  /** Digests whose files were damaged on purpose. */
  readonly damaged: ReadonlySet<string>
}

/**
 * Compares rows and files, as must hold between any two turns: no file without a row, no live row without its bytes, nothing
 * that nobody holds forgotten by the collector. Answers what is wrong.
 */
export function inspect({ observer, ledger, files, damaged }: InspectionDeps): string[] {
  const objects = new Map(observer.objects().map((row) => [row.id, row]))
  const blobs = observer.blobs()
  const holders = new Map(blobs.flatMap((blob) => (blob.object_id === null ? [] : [[blob.object_id, blob] as const])))
  return [
    ...observer.problems().filter((problem) => !isAskedFor(problem, ledger)),
    ...blobs.flatMap((blob) => blobProblems(blob, objects, damaged)),
    ...[...objects.values()].flatMap((object) => objectProblems(object, holders.get(object.id), files, damaged)),
    ...[...files.keys()].flatMap((path) => fileProblems(path, objects)),
  ]
}

/** An index may name an image that was deleted since: somebody asked for that. */
function isAskedFor(problem: string, ledger: Ledger): boolean {
  const named = /^manifest \S+ names (\S+), which is not there$/.exec(problem)?.[1]
  return named !== undefined && ledger.deletionAsked(named)
}

function blobProblems({ digest, bytes, object_id }: BlobRow, objects: ReadonlyMap<string, ObjectRow>, damaged: ReadonlySet<string>): string[] {
  if (bytes !== null) return []
  if (object_id === null) return [`the blob ${digest} has no bytes`]
  const state = objects.get(object_id)?.state
  if (state === 'live' || (state === 'damaged' && damaged.has(digest))) return []
  return [`the blob ${digest} has the object ${object_id}, which is ${state ?? 'not there'}`]
}

function objectProblems(
  { id, key, state, stored_size }: ObjectRow,
  holder: BlobRow | undefined,
  files: ReadonlyMap<string, number>,
  damaged: ReadonlySet<string>,
): string[] {
  if (state !== 'live') return []
  if (holder === undefined) return [`object ${id} is live, and no blob has it`]
  const size = files.get(`${storeRoot}/${key}`)
  if (size === stored_size && size === holder.size) return []
  if (size !== undefined && damaged.has(holder.digest)) return []
  return [`object ${id} of ${holder.digest} is live with ${stored_size} bytes, and its file has ${size ?? 'gone'}`]
}

function fileProblems(path: string, objects: ReadonlyMap<string, ObjectRow>): string[] {
  const finished = /\/blobs\/.*\.([^./]+)$/.exec(path)
  const id = finished?.[1] ?? path.slice(path.lastIndexOf('/') + 1)
  const row = objects.get(id)
  if (row === undefined) return [`the file ${path} has no row`]
  if (finished !== null && `${storeRoot}/${row.key}` !== path) return [`the file ${path} has a row with another key, ${row.key}`]
  return []
}
