import { join } from 'node:path'
import { type ObjectWriter, StorageError } from '../blob-store.ts'
import { checkByteCount, checkObjectId } from '../object-key.ts'
import { SinkWriter } from '../object-writer.ts'
import { attempt, errno } from '../storage-failure.ts'
import type { Directories } from './directories.ts'
import { FileSink } from './file-sink.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { readFile } from './read-file.ts'
import { createWriteBuffers } from './write-buffers.ts'

/** The files that uploads write: one in `folder` for each unfinished object, named by its id. */
export class UnfinishedFiles {
  readonly #fs: FileSystem
  readonly #directories: Directories
  readonly #folder: string
  readonly #buffers = createWriteBuffers({ size: 512 * 1024, most: 64, kept: 8 })
  readonly #condemned = new Set<string>()

  constructor(fs: FileSystem, directories: Directories, folder: string) {
    this.#fs = fs
    this.#directories = directories
    this.#folder = folder
  }

  /** Throws StorageError `failed` for what is not an id, and for a condemned object. */
  path(id: string): string {
    const path = join(this.#folder, checkObjectId(id))
    if (this.#condemned.has(id)) throw new StorageError('failed', `object ${id} could not be synced`)
    return path
  }

  /** What is left of this object may not be used for anything: a sync failed, and so did removing the file. */
  condemn(id: string): void {
    this.#condemned.add(id)
  }

  /** The object is gone. */
  forget(id: string): void {
    this.#condemned.delete(id)
  }

  async begin(id: string): Promise<ObjectWriter> {
    const path = this.path(id)
    return await attempt(`cannot begin object ${id}`, async () => this.#writer(id, await this.#create(path), 0))
  }

  async resume(id: string, offset: number): Promise<ObjectWriter> {
    const path = this.path(id)
    checkByteCount(offset)
    return await attempt(`cannot resume object ${id}`, async () => this.#writer(id, await this.#openAt(path, offset), offset))
  }

  async copy(from: string, to: string, length: number): Promise<ObjectWriter> {
    const [source, target] = [this.path(from), this.path(to)]
    checkByteCount(length)
    return await attempt(`cannot copy object ${from} to ${to}`, async () => {
      const created = await this.#create(target)
      await created.close()
      await orMissing(() => this.#fs.copy(source, target))
      return this.#writer(to, await this.#openAt(target, length), length)
    })
  }

  read(id: string, length: number, from: number): ReadableStream<Uint8Array> {
    return readFile(`object ${id}`, { from, length }, async () => {
      checkByteCount(from)
      checkByteCount(length)
      return await orMissing(() => this.#fs.open(this.path(id), 'read'))
    })
  }

  #writer(id: string, file: OpenFile, offset: number): ObjectWriter {
    return new SinkWriter(`object ${id}`, offset, new FileSink(file, offset, this.#buffers))
  }

  async #create(path: string): Promise<OpenFile> {
    try {
      return await this.#directories.within(this.#folder, () => this.#fs.open(path, 'create'))
    } catch (error) {
      if (errno(error) === 'EEXIST') throw new StorageError('exists', 'it was begun before', error)
      throw error
    }
  }

  /** Opens a file to write at its new end, `offset`. */
  async #openAt(path: string, offset: number): Promise<OpenFile> {
    const file = await orMissing(() => this.#fs.open(path, 'write'))
    try {
      const size = await file.size()
      if (size < offset) throw new StorageError('missing', `there are ${size} bytes, not ${offset}`)
      if (size > offset) await file.truncate(offset)
      return file
    } catch (error) {
      // The first failure is the one to tell; a failing close is mostly its echo.
      await file.close().catch(() => undefined)
      throw error
    }
  }
}

async function orMissing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (errno(error) === 'ENOENT') throw new StorageError('missing', 'there is no such unfinished object', error)
    throw error
  }
}
