import { DatabaseError } from '../database.ts'
import type { Outcome } from '../transaction.ts'
import type { WriteReply, WriteRequest } from './merged-commit.ts'
import type { FromWriter, ToWriter } from './writer-thread.ts'

/** The near end of a writer thread. A Bun Worker is one; other threads of the process have a port; tests and the simulation use `inlineWriter`. */
export interface WriterThread {
  postMessage(message: ToWriter, transfer?: unknown[]): void
  onmessage: ((event: { readonly data: FromWriter }) => void) | null
  onerror: ((event: { readonly message: string }) => void) | null
  terminate(): void
}

interface Pending {
  readonly resolve: (outcome: Outcome<unknown>) => void
  readonly reject: (error: DatabaseError) => void
}

/** Sends transactions to the writer thread and hands their answers back, in order. */
export class WriterClient {
  readonly #thread: WriterThread
  readonly #onFatal: (error: DatabaseError) => void
  readonly #opened = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  readonly #pending: Pending[] = []
  #outgoing: WriteRequest[] = []
  #sent = 0
  #broken: DatabaseError | undefined

  constructor(thread: WriterThread, onFatal: (error: DatabaseError) => void) {
    this.#thread = thread
    this.#onFatal = onFatal
    thread.onmessage = (event) => this.#receive(event.data)
    thread.onerror = (event) => this.#break(new DatabaseError('failed', `the database writer stopped: ${event.message}`))
  }

  async open(path: string, commits: Int32Array | undefined): Promise<void> {
    this.#thread.postMessage({ kind: 'open', path, commits })
    await this.#opened.promise
  }

  write(request: WriteRequest): Promise<Outcome<unknown>> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#send())
    this.#outgoing.push(request)
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<unknown>>()
    this.#pending.push({ resolve, reject })
    return promise
  }

  /** Waits for everything sent, then ends the thread. */
  async close(): Promise<void> {
    if (this.#broken === undefined) {
      this.#send()
      this.#thread.postMessage({ kind: 'close' })
      await this.#closed.promise
    }
    this.#thread.terminate()
  }

  #send(): void {
    if (this.#outgoing.length === 0) return
    const requests = this.#outgoing
    this.#outgoing = []
    this.#thread.postMessage({ kind: 'batch', first: this.#sent, requests })
    this.#sent += requests.length
  }

  #receive(message: FromWriter): void {
    switch (message.kind) {
      case 'opened':
        return this.#opened.resolve()
      case 'closed':
        return this.#closed.resolve()
      case 'failed':
        return this.#break(new DatabaseError('failed', `the database writer stopped: ${message.message}`))
      case 'replies':
        return message.replies.forEach((reply) => this.#answer(reply))
    }
  }

  #answer(reply: WriteReply): void {
    // Whoever waited was told already.
    if (this.#broken !== undefined) return
    const pending = this.#pending.shift()
    if (pending === undefined) throw new Error('the database writer answered a request nobody made')
    if ('outcome' in reply) return pending.resolve(reply.outcome)
    const error = new DatabaseError(reply.error.code, reply.error.message)
    pending.reject(error)
    if (reply.error.fatal) this.#break(error)
  }

  /** Nothing sent may be taken as kept any more: everyone waiting is told, and the process is to end. */
  #break(error: DatabaseError): void {
    if (this.#broken !== undefined) return
    this.#broken = error
    this.#opened.reject(error)
    this.#closed.resolve()
    for (const { reject } of this.#pending.splice(0)) reject(error)
    this.#onFatal(error)
  }
}
