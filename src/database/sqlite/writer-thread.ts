import type { TransactionTable } from '../transaction.ts'
import { beginCommit, endCommit } from './commit-count.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { commitFrugally } from './frugal-commit.ts'
import type { WriteReply, WriteRequest } from './merged-commit.ts'
import { noReserve, type Reserve } from './reserve.ts'

/**
 * Messages to the writer thread: first `open`, then batches, at last `close`. The one that started it may let other threads
 * `join`, each by a port of its own that takes the same messages; its own `close` ends the thread.
 */
export type ToWriter =
  | { readonly kind: 'open'; readonly path: string; readonly commits: Int32Array | undefined }
  | { readonly kind: 'join'; readonly port: WriterPort }
  | { readonly kind: 'batch'; readonly first: number; readonly requests: readonly WriteRequest[] }
  | { readonly kind: 'close' }

/** Messages from it. Replies are in the order of their requests; `first` is the number of the first one. */
export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'replies'; readonly first: number; readonly replies: readonly WriteReply[] }
  | { readonly kind: 'closed' }

/** The writer's end of the way to a client: `self` in a Bun Worker, or a message port. */
export interface WriterPort {
  postMessage(message: FromWriter): void
  onmessage: ((event: { readonly data: ToWriter }) => void) | null
}

/** At most so many transactions share a commit, so that the first of them does not wait for long. */
const mergeLimit = 512

/**
 * Serves the thread that alone writes. Messages that arrive while a commit runs are merged into the next one, whoever sent
 * them. `reserveFor` a database's path makes what is kept for a full disk; one writer of a database may have it.
 */
export function serveWriter(port: WriterPort, table: TransactionTable, reserveFor: (path: string) => Reserve = () => noReserve): void {
  new Writer(table, reserveFor).serve(port)
}

/** Who sends transactions: a thread, by its port. */
interface Client {
  readonly port: WriterPort
  /** Requests answered so far. */
  answered: number
  /** Requests that wait. */
  waiting: number
  closing: boolean
}

interface Waiting {
  readonly client: Client
  readonly request: WriteRequest
}

class Writer {
  readonly #table: TransactionTable
  readonly #reserveFor: (path: string) => Reserve
  readonly #clients = new Set<Client>()
  readonly #waiting: Waiting[] = []
  #connection: SqliteConnection | undefined
  #commits: Int32Array | undefined
  #reserve = noReserve
  #draining = false
  #broken = false

  constructor(table: TransactionTable, reserveFor: (path: string) => Reserve) {
    this.#table = table
    this.#reserveFor = reserveFor
  }

  serve(port: WriterPort): void {
    const client: Client = { port, answered: 0, waiting: 0, closing: false }
    this.#clients.add(client)
    port.onmessage = ({ data }) => this.#receive(client, data)
  }

  #receive(client: Client, message: ToWriter): void {
    if (this.#broken) return
    try {
      this.#take(client, message)
      if (!this.#draining) this.#drain().catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(client: Client, message: ToWriter): void {
    switch (message.kind) {
      case 'open':
        if (this.#connection === undefined) this.#open(message.path, message.commits)
        return client.port.postMessage({ kind: 'opened' })
      case 'join':
        return this.serve(message.port)
      case 'batch':
        client.waiting += message.requests.length
        for (const request of message.requests) this.#waiting.push({ client, request })
        return
      case 'close':
        client.closing = true
        return
    }
  }

  #open(path: string, commits: Int32Array | undefined): void {
    this.#connection = openSqlite(path, 'write')
    this.#commits = commits
    this.#reserve = this.#reserveFor(path)
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#waiting.length > 0 && this.#connection !== undefined) {
      const taken = this.#waiting.splice(0, mergeLimit)
      this.#answer(taken, await this.#commit(this.#connection, taken))
      if (this.#broken) return
      // A turn of the event loop lets the messages in that came meanwhile.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#draining = false
    for (const client of this.#clients) if (client.closing && client.waiting === 0) this.#close(client)
  }

  async #commit(connection: SqliteConnection, taken: readonly Waiting[]): Promise<WriteReply[]> {
    const parts = { connection, table: this.#table, reserve: this.#reserve }
    const commits = this.#commits
    if (commits !== undefined) beginCommit(commits)
    try {
      return await commitFrugally(parts, taken.map(({ request }) => request))
    } finally {
      if (commits !== undefined) endCommit(commits)
    }
  }

  /** Each client is answered in the order in which it asked. After a fatal answer all are told, and nothing is written any more. */
  #answer(taken: readonly Waiting[], replies: readonly WriteReply[]): void {
    const byClient = new Map<Client, WriteReply[]>()
    for (const [index, { client }] of taken.entries()) {
      const own = byClient.get(client) ?? []
      byClient.set(client, own)
      own.push(replies[index] as WriteReply)
    }
    for (const [client, own] of byClient) {
      client.port.postMessage({ kind: 'replies', first: client.answered, replies: own })
      client.answered += own.length
      client.waiting -= own.length
    }
    const fatal = replies.find((reply) => 'error' in reply && reply.error.fatal)
    if (fatal !== undefined && 'error' in fatal) this.#fail(new Error(fatal.error.message))
  }

  #close(client: Client): void {
    const [first] = this.#clients
    if (client === first) {
      this.#connection?.close()
      this.#reserve.close()
      this.#connection = undefined
    } else {
      this.#clients.delete(client)
    }
    client.port.postMessage({ kind: 'closed' })
  }

  #fail(error: unknown): void {
    this.#broken = true
    const message = error instanceof Error ? error.message : String(error)
    for (const { port } of this.#clients) port.postMessage({ kind: 'failed', message })
  }
}
