import type { TableRows, Value } from '../../database/index.ts'
import { createHasher, digestAlgorithm } from '../../oci/index.ts'
import { type Archive, type BlobStore, digestOfKey, type ObjectWriter, StorageError, streamOf } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'
import type { TableFile } from './manifest.ts'
import { readRows } from './row-file.ts'

/** An object that the rows of a backup call live. */
export interface BackedObject {
  readonly id: string
  readonly key: string
  readonly size: number
}

/** Those among the rows of a backup's tables, in the order of their ids. */
export async function objectsOf(archive: Archive, tables: readonly TableFile[]): Promise<AsyncGenerator<BackedObject, void>> {
  const file = tables.find(({ table }) => table === 'object')
  if (file === undefined) throw new BackupError('damaged', 'the backup has no list of objects')
  return liveObjects(await readRows(archive, file))
}

async function* liveObjects({ columns, batches }: TableRows): AsyncGenerator<BackedObject, void> {
  const at = (name: string): number => columns.indexOf(name)
  const [id, key, size, state] = [at('id'), at('key'), at('stored_size'), at('state')]
  for await (const batch of batches) {
    for (const row of batch) {
      if (row[state] === 'live') yield { id: text(row[id]), key: text(row[key]), size: Number(row[size]) }
    }
  }
}

const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '')

/** What became of one: its bytes were there already, were copied, or are not what they must be. */
type Copied = 'present' | 'copied' | { readonly problem: string }

/** Copies an object under the same key, comparing every byte with its digest on the way; a wrong copy is not kept. */
async function copyObject(from: BlobStore, to: BlobStore, { id, key, size }: BackedObject, signal: AbortSignal): Promise<Copied> {
  const present = await to.stat(key)
  if (present?.size === size) return 'present'
  if (present !== undefined) await to.delete(id, key)
  const opened = await from.open(key)
  if (opened === undefined) return { problem: `${key} is missing` }
  if (opened.size !== size) return { problem: `${key} has ${opened.size} bytes, not ${size}` }
  const stream = streamOf(opened)
  if (stream === undefined) throw new StorageError('failed', `${key} can not be copied: its store only names where its bytes are`)
  const digest = digestOfKey(key)
  const hasher = createHasher(digestAlgorithm(digest))
  const writer = await begin(to, id)
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted()
      hasher.update(chunk)
      await writer.write(chunk)
    }
  } finally {
    await writer.close()
  }
  const actual = hasher.digest()
  if (actual === digest) {
    await to.commit(id, key, size)
    return 'copied'
  }
  await to.delete(id, undefined)
  return { problem: `${key} has the digest ${actual}` }
}

/** One that a killed process left unfinished is begun anew. */
async function begin(store: BlobStore, id: string): Promise<ObjectWriter> {
  try {
    return await store.begin(id)
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'exists') throw error
    await store.delete(id, undefined)
    return await store.begin(id)
  }
}

/** How many were there already, and what was copied. */
export interface CopyCount {
  present: number
  copied: number
  copiedBytes: number
}

/** Several at once: each waits for the disk several times. */
const lanes = 4

/** Copies them all. Answers those whose bytes are not what they must be. */
export async function copyObjects(
  from: BlobStore,
  to: BlobStore,
  objects: AsyncGenerator<BackedObject, void>,
  onDone: (done: number) => void,
  signal: AbortSignal,
): Promise<{ readonly count: CopyCount; readonly problems: readonly (BackedObject & { readonly problem: string })[] }> {
  const count: CopyCount = { present: 0, copied: 0, copiedBytes: 0 }
  const problems: (BackedObject & { readonly problem: string })[] = []
  const failed = new AbortController()
  let done = 0
  const copyNext = async (object: BackedObject): Promise<void> => {
    const copied = await copyObject(from, to, object, signal)
    if (typeof copied !== 'string') problems.push({ ...object, ...copied })
    else count[copied]++
    if (copied === 'copied') count.copiedBytes += object.size
    onDone(++done)
  }
  const copyOn = async (): Promise<void> => {
    try {
      for (let next = await objects.next(); next.done !== true && !failed.signal.aborted; next = await objects.next()) {
        signal.throwIfAborted()
        await copyNext(next.value)
      }
    } catch (error) {
      failed.abort(error)
    }
  }
  await Promise.all(Array.from({ length: lanes }, copyOn))
  await objects.return()
  failed.signal.throwIfAborted()
  return { count, problems }
}
