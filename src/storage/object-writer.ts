import { type ObjectWriter, StorageError } from './blob-store.ts'
import { storageFailure } from './storage-failure.ts'

/** Where a writer's bytes go. Its calls never overlap, and after one has failed only `release` follows. */
export interface ObjectSink {
  /** Takes the chunk, which is the caller's again once the promise settles. */
  append(chunk: Uint8Array): Promise<void>
  /** Hands everything taken to the store. */
  flush(): Promise<void>
  /** Gives back what the sink holds: buffers, descriptors. */
  release(): Promise<void>
}

/** The rules of an ObjectWriter that are the same for every driver: one call at a time, no bytes after a failure or the end. */
export class SinkWriter implements ObjectWriter {
  readonly #sink: ObjectSink
  readonly #name: string
  #offset: number
  #writing = false
  #failure: StorageError | undefined
  #ending: Promise<void> | undefined

  /** `name` is for messages: `object 12ab`. */
  constructor(name: string, offset: number, sink: ObjectSink) {
    this.#name = name
    this.#offset = offset
    this.#sink = sink
  }

  get offset(): number {
    return this.#offset
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#refuseOverlap()
    if (this.#ending !== undefined) throw new StorageError('failed', `the writer of ${this.#name} is closed`)
    if (this.#failure !== undefined) throw this.#failure
    this.#writing = true
    try {
      await this.#sink.append(chunk)
      this.#offset += chunk.length
    } catch (error) {
      this.#failure = storageFailure(error, `cannot write ${this.#name}`)
      throw this.#failure
    } finally {
      this.#writing = false
    }
  }

  async close(): Promise<void> {
    this.#refuseOverlap()
    this.#ending ??= this.#end()
    await this.#ending
  }

  async #end(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#sink.flush()
    } catch (error) {
      this.#failure = storageFailure(error, `cannot write ${this.#name}`)
    }
    try {
      await this.#sink.release()
    } catch (error) {
      // The first failure is the one to tell; this one is mostly its echo.
      this.#failure ??= storageFailure(error, `cannot close ${this.#name}`)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  #refuseOverlap(): void {
    if (this.#writing) throw new StorageError('failed', `two calls at once on the writer of ${this.#name}`)
  }
}
