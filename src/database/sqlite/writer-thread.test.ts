import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { transaction, transactionTable } from '../transaction.ts'
import { linger } from './linger.ts'
import { noReserve } from './reserve.ts'
import { serveWriter, type FromWriter, type WriterPort } from './writer-thread.ts'

const nothing = transaction('nothing', () => Promise.resolve({ ok: null }))

/** The kinds of what a writer says, and when it lingers, for batches of so many transactions. */
async function said(...batches: number[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-writer-'))
  const heard: string[] = []
  let answered = Promise.withResolvers<void>()
  const port: WriterPort = {
    postMessage: (message: FromWriter) => {
      heard.push(message.kind)
      answered.resolve()
    },
    onmessage: null,
  }
  try {
    serveWriter(port, transactionTable([nothing]), { reserveFor: () => noReserve, linger: () => void heard.push('lingers') })
    port.onmessage?.({ data: { kind: 'open', path: join(folder, 'berth.db') } })
    let first = 0
    for (const count of batches) {
      answered = Promise.withResolvers<void>()
      const requests = Array.from({ length: count }, (_, index) => ({ name: 'nothing', input: null, operationId: `${first + index}`, again: false, now: 0 }))
      port.onmessage?.({ data: { kind: 'batch', first, requests } })
      first += count
      await answered.promise
      // The writer looks for more in another turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    answered = Promise.withResolvers<void>()
    port.onmessage?.({ data: { kind: 'close' } })
    await answered.promise
    return heard
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a writer lingers after a commit that many shared, once they were answered', async () => {
  expect(await said(1, 2, 3)).toEqual(['opened', 'replies', 'replies', 'replies', 'lingers', 'closed'])
})

test('to linger takes about half a millisecond', () => {
  const started = performance.now()
  linger()
  const taken = performance.now() - started
  expect(taken).toBeGreaterThan(0.4)
  expect(taken).toBeLessThan(250)
})
