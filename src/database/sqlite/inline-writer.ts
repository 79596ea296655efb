import type { TransactionTable } from '../transaction.ts'
import type { WriterThread } from './writer-client.ts'
import { serveWriter, type FromWriter, type ToWriter, type WriterPort } from './writer-thread.ts'

/**
 * The writer without a thread, for tests and the simulation: the same code on both ends, the same copies in between, so that
 * what could not cross a thread fails here as well.
 */
export function inlineWriter(table: TransactionTable): WriterThread {
  const port: WriterPort = { postMessage: (message) => deliver(near, message), onmessage: null }
  const near: WriterThread = {
    postMessage: (message, transfer) => deliver(port, message, transfer),
    onmessage: null,
    onerror: null,
    terminate: () => undefined,
  }
  serveWriter(port, table)
  return near
}

function deliver<M extends ToWriter | FromWriter>(
  to: { onmessage: ((event: { readonly data: M }) => void) | null },
  message: M,
  transfer: unknown[] = [],
): void {
  const data = structuredClone(message, { transfer: transfer as MessagePort[] })
  queueMicrotask(() => to.onmessage?.({ data }))
}
