import type { ByteRange } from '../../oci/index.ts'
import { type BlobStore, type ObjectWriter, type OpenObject, StorageError } from '../blob-store.ts'
import { checkObjectId, objectKey, parseKeyOf, parseObjectKey } from '../object-key.ts'
import { SinkWriter } from '../object-writer.ts'
import { Unfinished } from './unfinished.ts'

/** A store that keeps everything in this process, for tests and for registries that may forget. */
export function createMemoryStore(): BlobStore {
  return Object.freeze(new MemoryStore())
}

class MemoryStore implements BlobStore {
  readonly driver = 'memory'
  readonly #unfinished = new Map<string, Unfinished>()
  readonly #finished = new Map<string, Uint8Array<ArrayBuffer>>()

  async begin(id: string): Promise<ObjectWriter> {
    return this.#add(checkObjectId(id), new Unfinished([]))
  }

  async resume(id: string, offset: number): Promise<ObjectWriter> {
    const object = this.#find(id)
    object.truncate(offset)
    return writerOf(id, object)
  }

  async copyUnfinished(from: string, to: string, length: number): Promise<ObjectWriter> {
    return this.#add(checkObjectId(to), new Unfinished([...this.#find(from).chunks(length)]))
  }

  readUnfinished(id: string, length: number): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        for (const chunk of this.#find(id).chunks(length)) controller.enqueue(chunk)
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
  }

  #find(id: string): Unfinished {
    const object = this.#unfinished.get(checkObjectId(id))
    if (object === undefined) throw new StorageError('missing', `no unfinished object ${id}`)
    return object
  }

  #add(id: string, object: Unfinished): ObjectWriter {
    if (this.#unfinished.has(id)) throw new StorageError('exists', `object ${id} was begun before`)
    this.#unfinished.set(id, object)
    return writerOf(id, object)
  }
}

/** Bytes reach the object when the writer closes, as with drivers that buffer: whoever forgets to close loses them here too. */
function writerOf(id: string, object: Unfinished): ObjectWriter {
  let taken: Uint8Array<ArrayBuffer>[] = []
  return new SinkWriter(`object ${id}`, object.size, {
    append: async (chunk) => {
      taken.push(new Uint8Array(chunk))
    },
    flush: async () => {
      for (const chunk of taken) object.append(chunk)
    },
    release: async () => {
      taken = []
    },
  })
}
