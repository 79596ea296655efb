import { join } from 'node:path'
import { StorageError, type StoredObject, type StoredPage } from '../blob-store.ts'
import { checkObjectId, parseObjectKey } from '../object-key.ts'
import { attempt, errno } from '../storage-failure.ts'
import type { DirectoryEntry, FileSystem } from './file-system.ts'

const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'))
/** Every directory an object can be in: a page of the list is one of them. */
const directories = ['uploads', ...['sha256', 'sha512'].flatMap((algorithm) => shards.map((shard) => `blobs/${algorithm}/${shard}`))]

/** One page of `BlobStore.list`. The cursor is the name of a directory. */
export async function listFiles(fs: FileSystem, root: string, cursor: string = 'uploads'): Promise<StoredPage> {
  const position = directories.indexOf(cursor)
  if (position === -1) throw new StorageError('failed', 'not a position in the list of objects')
  const entries = await attempt(`cannot read the directory ${cursor}`, () => entriesOf(fs, join(root, cursor)))
  const objects: StoredObject[] = []
  const strangers: string[] = []
  for (const entry of entries) {
    const object = objectOf(cursor, entry)
    if (object === undefined) strangers.push(`${cursor}/${entry.name}`)
    else objects.push(object)
  }
  return { objects, strangers, next: directories[position + 1] }
}

function objectOf(directory: string, { name, isFile, size, modified }: DirectoryEntry): StoredObject | undefined {
  if (!isFile) return undefined
  try {
    if (directory === 'uploads') return { id: checkObjectId(name), key: undefined, size, modified }
    const { id, key } = parseObjectKey(`${directory}/${name}`)
    return { id, key, size, modified }
  } catch (error) {
    if (error instanceof StorageError) return undefined
    throw error
  }
}

async function entriesOf(fs: FileSystem, directory: string): Promise<readonly DirectoryEntry[]> {
  try {
    return await fs.list(directory)
  } catch (error) {
    // No object was stored there yet.
    if (errno(error) === 'ENOENT') return []
    throw error
  }
}
