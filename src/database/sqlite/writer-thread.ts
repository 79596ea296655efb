import type { TransactionTable } from '../transaction.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { commitMerged, type WriteReply, type WriteRequest } from './merged-commit.ts'

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

/** Serves the thread that alone writes. Messages that arrive while a commit runs are merged into the next one. */
export function serveWriter(port: WriterPort, table: TransactionTable): void {
  let connection: SqliteConnection | undefined
  let closing = false
  let draining = false
  let next = 0
  const waiting: WriteRequest[] = []

  const drain = async (): Promise<void> => {
    draining = true
    while (waiting.length > 0 && connection !== undefined) {
      const requests = waiting.splice(0, mergeLimit)
      const replies = await commitMerged(connection, table, requests)
      port.postMessage({ kind: 'replies', first: next, replies })
      next += requests.length
      // A turn of the event loop lets the messages in that came meanwhile.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    draining = false
    if (closing) close()
  }
  const close = (): void => {
    connection?.close()
    connection = undefined
    port.postMessage({ kind: 'closed' })
  }
  const receive = (message: ToWriter): void => {
    switch (message.kind) {
      case 'open':
        connection = openSqlite(message.path, 'write')
        return port.postMessage({ kind: 'opened' })
      case 'batch':
        waiting.push(...message.requests)
        break
      case 'close':
        closing = true
        break
    }
    if (!draining) drain().catch(report)
  }
  const report = (error: unknown): void => {
    port.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
  port.onmessage = (event) => {
    try {
      receive(event.data)
    } catch (error) {
      report(error)
    }
  }
}
