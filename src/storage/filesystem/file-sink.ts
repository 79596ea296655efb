import { StorageError } from '../blob-store.ts'
import type { ObjectSink } from '../object-writer.ts'
import type { OpenFile } from './file-system.ts'
import type { HeldChunks } from './held-chunks.ts'

/** Chunks that are held back: many small ones cost memory of their own, and a system call takes no more than 1,024. */
const mostChunks = 64

/**
 * Writes a file from `offset` on. Chunks are held back until one system call is worth it, and not copied: that would cost more
 * than the calls.
 */
export class FileSink implements ObjectSink {
  readonly #file: OpenFile
  readonly #room: HeldChunks
  /** Whether it may hold chunks back; unknown before the first. */
  #mayHold: boolean | undefined
  #held: Uint8Array[] = []
  #size = 0
  #offset: number

  constructor(file: OpenFile, offset: number, room: HeldChunks) {
    this.#file = file
    this.#offset = offset
    this.#room = room
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return
    this.#mayHold ??= this.#room.take()
    this.#held.push(chunk)
    this.#size += chunk.length
    if (!this.#mayHold || this.#size >= this.#room.size || this.#held.length === mostChunks) await this.flush()
  }

  async flush(): Promise<void> {
    const chunks = this.#held
    this.#held = []
    this.#size = 0
    if (chunks.length > 0) await this.#write(chunks)
  }

  async release(): Promise<void> {
    if (this.#mayHold === true) this.#room.giveBack()
    this.#mayHold = false
    this.#held = []
    await this.#file.close()
  }

  /** A system call may take fewer bytes than it is given, on a disk that is filling up for one. */
  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    let rest = chunks
    while (rest.length > 0) {
      const written = await this.#file.write(rest, this.#offset)
      if (written === 0) throw new StorageError('failed', 'the file system takes no bytes and gives no reason')
      this.#offset += written
      rest = after(rest, written)
    }
  }
}

/** What is left of them after the first `count` bytes. */
function after(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.length) return [chunk.subarray(left), ...chunks.slice(index + 1)]
    left -= chunk.length
  }
  return []
}
