import { StorageError } from '../blob-store.ts'
import { checkByteCount } from '../object-key.ts'

const largestChunk = 2 ** 20

/** The bytes of an unfinished object, as the chunks they came in. */
export class Unfinished {
  #chunks: Uint8Array<ArrayBuffer>[]
  #size: number

  constructor(chunks: Uint8Array<ArrayBuffer>[]) {
    this.#chunks = chunks
    this.#size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  get size(): number {
    return this.#size
  }

  append(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  /** Forgets the bytes after the first `size`. Throws StorageError `missing` when there are fewer. */
  truncate(size: number): void {
    this.#chunks = [...this.chunks(size)]
    this.#size = size
  }

  /** The first `length` bytes, those before `from` left out, at most 1 MiB at a time. Throws StorageError `missing` when there are fewer. */
  *chunks(length: number, from = 0): Generator<Uint8Array<ArrayBuffer>> {
    let skipped = checkByteCount(from)
    if (checkByteCount(length) > this.#size) throw new StorageError('missing', `there are ${this.#size} bytes, not ${length}`)
    let left = length - skipped
    for (const chunk of this.#chunks) {
      const first = Math.min(skipped, chunk.length)
      skipped -= first
      for (let start = first; start < chunk.length && left > 0; start += largestChunk) {
        const part = chunk.subarray(start, Math.min(start + largestChunk, start + left))
        left -= part.length
        yield part
      }
    }
  }

  join(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#size)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return bytes
  }
}
