import { dirname, join, resolve } from 'node:path'
import { StorageError } from '../blob-store.ts'
import { checkObjectId, isObjectId } from '../object-key.ts'
import type { SegmentStore } from '../segment-store.ts'
import { attempt, errno } from '../storage-failure.ts'
import { commitFile, sizeIfPresent } from './commit-file.ts'
import { createDirectories, type Directories } from './directories.ts'
import { type FileSystem, withFile } from './file-system.ts'
import type { FilesystemStoreOptions } from './filesystem-store.ts'
import { systemFileSystem } from './system-file-system.ts'

/** What a name has while it is written. No segment's name has a dot. */
const unfinished = '.new'

/** Segments as files of the folder `recovery` in `root`. */
export function createFilesystemSegments({ root, fileSystem = systemFileSystem }: FilesystemStoreOptions): SegmentStore {
  return Object.freeze(new FilesystemSegments(resolve(root), fileSystem))
}

class FilesystemSegments implements SegmentStore {
  readonly #folder: string
  readonly #fs: FileSystem
  readonly #directories: Directories

  constructor(root: string, fs: FileSystem) {
    this.#folder = join(root, 'recovery')
    this.#fs = fs
    this.#directories = createDirectories(fs, root)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const to = this.#path(name)
    const from = to + unfinished
    await attempt(`cannot write segment ${name}`, async () => {
      if ((await sizeIfPresent(this.#fs, to)) !== undefined) throw new StorageError('exists', 'it is there already')
      try {
        await this.#write(from, bytes)
        // After a failed sync nobody knows what the medium holds: neither name may stay.
        await commitFile(this.#fs, this.#directories, { from, to, size: bytes.length }, () => this.#remove(to))
      } catch (error) {
        // The first failure is the one to tell. What can't be removed now is replaced by the next attempt.
        await this.#remove(from).catch(() => undefined)
        throw error
      }
    })
  }

  async list(): Promise<string[]> {
    const entries = await attempt('cannot list the segments', async () => await ifPresent(() => this.#fs.list(this.#folder)))
    return (entries ?? []).filter(({ name, isFile }) => isFile && isObjectId(name)).map(({ name }) => name).sort()
  }

  async read(name: string, most: number): Promise<Uint8Array | undefined> {
    const path = this.#path(name)
    return await attempt(`cannot read segment ${name}`, async () => {
      const file = await ifPresent(() => this.#fs.open(path, 'read'))
      if (file === undefined) return undefined
      return await withFile(file, async () => {
        const size = await file.size()
        if (size > most) throw new StorageError('failed', `it has ${size} bytes, and ${most} are the most`)
        const bytes = new Uint8Array(size)
        for (let at = 0; at < size; ) {
          const count = await file.read(bytes.subarray(at), at)
          if (count === 0) throw new StorageError('failed', `it ends after ${at} of ${size} bytes`)
          at += count
        }
        return bytes
      })
    })
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name)
    await attempt(`cannot delete segment ${name}`, async () => {
      await this.#remove(path)
      await ifPresent(() => this.#fs.syncDirectory(this.#folder))
    })
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#remove(path)
    const file = await this.#directories.within(dirname(path), () => this.#fs.open(path, 'create'))
    await withFile(file, async () => {
      for (let at = 0; at < bytes.length; ) at += await file.write(bytes.subarray(at), at)
    })
  }

  async #remove(path: string): Promise<void> {
    await ifPresent(() => this.#fs.unlink(path))
  }

  #path(name: string): string {
    return join(this.#folder, checkObjectId(name))
  }
}

async function ifPresent<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
}
