import type { ByteRange } from '../../oci/index.ts'
import { type BlobStore, type ObjectWriter, type OpenObject, StorageError, type StoredPage } from '../blob-store.ts'
import { checkObjectId, objectKey, parseKeyOf, parseObjectKey } from '../object-key.ts'
import { SinkWriter } from '../object-writer.ts'
import { Unfinished } from './unfinished.ts'

/**
 * A store that keeps everything in this process, for tests and for registries that may forget.
 * @param now the time that `list` tells, in ms since the epoch
 */
export function createMemoryStore(now: () => number = Date.now): BlobStore {
  return Object.freeze(new MemoryStore(now))
}

class MemoryStore implements BlobStore {
  readonly driver = 'memory'
  readonly #unfinished = new Map<string, Unfinished>()
  readonly #finished = new Map<string, Uint8Array<ArrayBuffer>>()
  /** By object id. */
  readonly #modified = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  async begin(id: string): Promise<ObjectWriter> {
    return this.#add(checkObjectId(id), new Unfinished([]))
  }

  async resume(id: string, offset: number): Promise<ObjectWriter> {
    const object = this.#find(id)
    object.truncate(offset)
    return this.#writer(id, object)
  }

  async copyUnfinished(from: string, to: string, length: number): Promise<ObjectWriter> {
    return this.#add(checkObjectId(to), new Unfinished([...this.#find(from).chunks(length)]))
  }

  readUnfinished(id: string, length: number, from = 0): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        for (const chunk of this.#find(id).chunks(length, from)) controller.enqueue(chunk)
        controller.close()
      },
    })
  }

  finishedKey(id: string, digest: string): string {
    return objectKey(id, digest).key
  }

  async commit(id: string, key: string, size: number): Promise<void> {
    parseKeyOf(id, key)
    const object = this.#unfinished.get(id)
    if (object === undefined) {
      if (this.#finished.get(key)?.length === size) return
      throw new StorageError('missing', `no ${size} bytes of object ${id} to commit`)
    }
    object.truncate(size)
    this.#finished.set(key, object.join())
    this.#unfinished.delete(id)
  }

  async open(key: string, range?: ByteRange): Promise<OpenObject | undefined> {
    const bytes = this.#finished.get(parseObjectKey(key).key)
    if (bytes === undefined) return undefined
    return { kind: 'bytes', size: bytes.length, bytes: range === undefined ? bytes : bytes.subarray(range.start, range.end + 1) }
  }

  async stat(key: string): Promise<{ readonly size: number } | undefined> {
    const bytes = this.#finished.get(parseObjectKey(key).key)
    return bytes === undefined ? undefined : { size: bytes.length }
  }

  async delete(id: string, key: string | undefined): Promise<void> {
    checkObjectId(id)
    if (key !== undefined) this.#finished.delete(parseKeyOf(id, key).key)
    this.#unfinished.delete(id)
    this.#modified.delete(id)
  }

  async list(cursor?: string): Promise<StoredPage> {
    if (cursor !== undefined) throw new StorageError('failed', 'not a position in the list of objects')
    const written = (id: string): number => this.#modified.get(id) ?? 0
    const unfinished = [...this.#unfinished].map(([id, { size }]) => ({ id, key: undefined, size, modified: written(id) }))
    const finished = [...this.#finished].map(([key, { length }]) => {
      const { id } = parseObjectKey(key)
      return { id, key, size: length, modified: written(id) }
    })
    return { objects: [...unfinished, ...finished], strangers: [], next: undefined }
  }

  #find(id: string): Unfinished {
    const object = this.#unfinished.get(checkObjectId(id))
    if (object === undefined) throw new StorageError('missing', `no unfinished object ${id}`)
    return object
  }

  #add(id: string, object: Unfinished): ObjectWriter {
    if (this.#unfinished.has(id)) throw new StorageError('exists', `object ${id} was begun before`)
    this.#unfinished.set(id, object)
    return this.#writer(id, object)
  }

  /** Bytes reach the object when the writer closes, as with drivers that buffer: whoever forgets to close loses them here too. */
  #writer(id: string, object: Unfinished): ObjectWriter {
    let taken: Uint8Array<ArrayBuffer>[] = []
    this.#modified.set(id, this.#now())
    return new SinkWriter(`object ${id}`, object.size, {
      append: async (chunk) => {
        taken.push(new Uint8Array(chunk))
      },
      flush: async () => {
        for (const chunk of taken) object.append(chunk)
        this.#modified.set(id, this.#now())
      },
      release: async () => {
        taken = []
      },
    })
  }
}
