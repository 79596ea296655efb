import { StorageError } from '../blob-store.ts'
import type { ObjectSink } from '../object-writer.ts'
import type { OpenFile } from './file-system.ts'
import type { WriteBuffers } from './write-buffers.ts'

/** From this size on, one write costs less than copying the chunk (measured, 64 KiB to 1 MiB). */
const direct = 256 * 1024

/** Writes a file from `offset` on. Small chunks are gathered in a buffer when there is one to be had. */
export class FileSink implements ObjectSink {
  readonly #file: OpenFile
  readonly #buffers: WriteBuffers
  #buffer: Uint8Array | undefined
  #filled = 0
  #offset: number

  constructor(file: OpenFile, offset: number, buffers: WriteBuffers) {
    this.#file = file
    this.#offset = offset
    this.#buffers = buffers
  }

  async append(chunk: Uint8Array): Promise<void> {
    const buffer = chunk.length >= direct ? undefined : (this.#buffer ??= this.#buffers.take())
    if (buffer === undefined) {
      await this.flush()
      await this.#write(chunk)
      return
    }
    let rest = chunk
    while (rest.length > 0) {
      const part = rest.subarray(0, buffer.length - this.#filled)
      buffer.set(part, this.#filled)
      this.#filled += part.length
      rest = rest.subarray(part.length)
      if (this.#filled === buffer.length) await this.flush()
    }
  }

  async flush(): Promise<void> {
    if (this.#buffer === undefined || this.#filled === 0) return
    await this.#write(this.#buffer.subarray(0, this.#filled))
    this.#filled = 0
  }

  async release(): Promise<void> {
    if (this.#buffer !== undefined) this.#buffers.giveBack(this.#buffer)
    this.#buffer = undefined
    await this.#file.close()
  }

  /** A system call may take fewer bytes than it is given, on a disk that is filling up for one. */
  async #write(bytes: Uint8Array): Promise<void> {
    let rest = bytes
    while (rest.length > 0) {
      const written = await this.#file.write(rest, this.#offset)
      if (written === 0) throw new StorageError('failed', 'the file system takes no bytes and gives no reason')
      this.#offset += written
      rest = rest.subarray(written)
    }
  }
}
