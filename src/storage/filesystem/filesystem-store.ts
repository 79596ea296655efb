import { dirname, join, resolve } from 'node:path'
import type { ByteRange } from '../../oci/index.ts'
import type { BlobStore, ObjectWriter, OpenObject, StoredPage } from '../blob-store.ts'
import { checkByteCount, checkObjectId, objectKey, parseKeyOf, parseObjectKey } from '../object-key.ts'
import { attempt, errno } from '../storage-failure.ts'
import { commitFile, sizeIfPresent } from './commit-file.ts'
import { createDirectories, type Directories } from './directories.ts'
import type { FileSystem } from './file-system.ts'
import { listFiles } from './list-files.ts'
import type { SyncFailure } from './sync-failure.ts'
import { systemFileSystem } from './system-file-system.ts'
import { UnfinishedFiles } from './unfinished-files.ts'

export interface FilesystemStoreOptions {
  /** The folder that holds everything. It is made when absent, its parent is not. */
  readonly root: string
  readonly fileSystem?: FileSystem
}

/**
 * A store in a folder, for one machine:
 *
 *     uploads/<object id>                                      unfinished
 *     blobs/<algorithm>/<first two of hex>/<hex>.<object id>   finished; this path is the key
 *
 * A finished file is never written, truncated or replaced: it may be being sent at any time.
 */
export function createFilesystemStore({ root, fileSystem = systemFileSystem }: FilesystemStoreOptions): BlobStore {
  return Object.freeze(new FilesystemStore(resolve(root), fileSystem))
}

class FilesystemStore implements BlobStore {
  readonly driver = 'filesystem'
  readonly #root: string
  readonly #uploads: string
  readonly #fs: FileSystem
  readonly #directories: Directories
  readonly #unfinished: UnfinishedFiles

  constructor(root: string, fs: FileSystem) {
    this.#root = root
    this.#uploads = join(root, 'uploads')
    this.#fs = fs
    this.#directories = createDirectories(fs, root)
    this.#unfinished = new UnfinishedFiles(fs, this.#directories, this.#uploads)
  }

  async begin(id: string): Promise<ObjectWriter> {
    return await this.#unfinished.begin(id)
  }

  async resume(id: string, offset: number): Promise<ObjectWriter> {
    return await this.#unfinished.resume(id, offset)
  }

  async copyUnfinished(from: string, to: string, length: number): Promise<ObjectWriter> {
    return await this.#unfinished.copy(from, to, length)
  }

  readUnfinished(id: string, length: number, from = 0): ReadableStream<Uint8Array> {
    return this.#unfinished.read(id, length, from)
  }

  finishedKey(id: string, digest: string): string {
    return objectKey(id, digest).key
  }

  async commit(id: string, key: string, size: number): Promise<void> {
    const from = this.#unfinished.path(id)
    const to = join(this.#root, parseKeyOf(id, key).key)
    checkByteCount(size)
    await attempt(`cannot commit object ${id}`, async () => {
      await commitFile(this.#fs, this.#directories, { from, to, size }, (failure) => this.#drop(id, [from, to], failure))
    })
  }

  async open(key: string, range?: ByteRange): Promise<OpenObject | undefined> {
    const { hex } = parseObjectKey(key)
    const found = await this.stat(key)
    if (found === undefined) return undefined
    const file = this.#fs.blob(join(this.#root, key), hex)
    return { kind: 'file', size: found.size, file: range === undefined ? file : file.slice(range.start, range.end + 1) }
  }

  async stat(key: string): Promise<{ readonly size: number } | undefined> {
    const path = join(this.#root, parseObjectKey(key).key)
    const size = await attempt(`cannot look at ${key}`, () => sizeIfPresent(this.#fs, path))
    return size === undefined ? undefined : { size }
  }

  async delete(id: string, key: string | undefined): Promise<void> {
    const paths = [join(this.#uploads, checkObjectId(id))]
    if (key !== undefined) paths.push(join(this.#root, parseKeyOf(id, key).key))
    await attempt(`cannot delete object ${id}`, async () => {
      for (const path of paths) {
        await ifPresent(() => this.#fs.unlink(path))
        // Even when it was gone: whoever removed it may have been killed before that was durable.
        await ifPresent(() => this.#fs.syncDirectory(dirname(path)))
      }
      this.#unfinished.forget(id)
    })
  }

  async list(cursor?: string): Promise<StoredPage> {
    return await listFiles(this.#fs, this.#root, cursor)
  }

  /** After a failed sync nobody knows what the medium holds, so nothing may be left to commit a second time. */
  async #drop(id: string, paths: readonly string[], failure: SyncFailure): Promise<void> {
    try {
      for (const path of paths) await ifPresent(() => this.#fs.unlink(path))
    } catch (error) {
      this.#unfinished.condemn(id)
      const both = new AggregateError([failure, error], 'sync failed, and so did removing what was not synced')
      // A full disk is one, also when it keeps the file from being removed.
      throw Object.assign(both, { code: failure.code })
    }
  }
}

async function ifPresent(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
  }
}
