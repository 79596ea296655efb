import type { TransactionTable } from '../transaction.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { commitFrugally } from './frugal-commit.ts'
import type { WriteReply, WriteRequest } from './merged-commit.ts'
import { noReserve, type Reserve } from './reserve.ts'

/** Messages to the writer thread: first `open`, then batches, at last `close`. */
export type ToWriter =
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'batch'; readonly first: number; readonly requests: readonly WriteRequest[] }
  | { readonly kind: 'close' }

/** Messages from it. Replies are in the order of their requests; `first` is the number of the first one. */
export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'replies'; readonly first: number; readonly replies: readonly WriteReply[] }
  | { readonly kind: 'closed' }

/** The end of a worker that lives in the thread: what `self` is in a Bun Worker. */
export interface WriterPort {
  postMessage(message: FromWriter): void
  onmessage: ((event: { readonly data: ToWriter }) => void) | null
}

/** At most so many transactions share a commit, so that the first of them does not wait for long. */
const mergeLimit = 512

/**
 * Serves the thread that alone writes. Messages that arrive while a commit runs are merged into the next one. `reserveFor` a
 * database's path makes what is kept for a full disk; one writer of a database may have it.
 */
export function serveWriter(port: WriterPort, table: TransactionTable, reserveFor: (path: string) => Reserve = () => noReserve): void {
  const writer = new Writer(port, table, reserveFor)
  port.onmessage = ({ data }) => writer.receive(data)
}

class Writer {
  readonly #port: WriterPort
  readonly #table: TransactionTable
  readonly #reserveFor: (path: string) => Reserve
  readonly #waiting: WriteRequest[] = []
  #connection: SqliteConnection | undefined
  #reserve = noReserve
  #next = 0
  #draining = false
  #closing = false

  constructor(port: WriterPort, table: TransactionTable, reserveFor: (path: string) => Reserve) {
    this.#port = port
    this.#table = table
    this.#reserveFor = reserveFor
  }

  receive(message: ToWriter): void {
    try {
      this.#take(message)
      if (!this.#draining) this.#drain().catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(message: ToWriter): void {
    switch (message.kind) {
      case 'open':
        this.#connection = openSqlite(message.path, 'write')
        this.#reserve = this.#reserveFor(message.path)
        return this.#port.postMessage({ kind: 'opened' })
      case 'batch':
        return void this.#waiting.push(...message.requests)
      case 'close':
        this.#closing = true
        return
    }
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#waiting.length > 0 && this.#connection !== undefined) {
      const requests = this.#waiting.splice(0, mergeLimit)
      const parts = { connection: this.#connection, table: this.#table, reserve: this.#reserve }
      const replies = await commitFrugally(parts, requests)
      this.#port.postMessage({ kind: 'replies', first: this.#next, replies })
      this.#next += requests.length
      // A turn of the event loop lets the messages in that came meanwhile.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#draining = false
    if (this.#closing) this.#close()
  }

  #close(): void {
    this.#connection?.close()
    this.#reserve.close()
    this.#connection = undefined
    this.#port.postMessage({ kind: 'closed' })
  }

  #fail(error: unknown): void {
    this.#port.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}
