import { expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import type { FromWorker, Start, ToWorker } from './messages.ts'
import { startWorkers } from './worker-group.ts'
import type { Thread } from './worker-thread.ts'

const written = { id: 'u', epoch: 1, size: 3, objectId: 'o', algorithm: 'sha256' } as const

/** A thread that starts, answers what `answers` has an answer to, and keeps what it was asked. */
function createFakeThread(owner: string, answers: Partial<Record<ToWorker['call'], unknown>> = {}) {
  const asked: ToWorker[] = []
  const thread: Thread & { say(message: FromWorker): void } = {
    onmessage: null,
    onerror: null,
    addEventListener: () => undefined,
    terminate: () => undefined,
    say: (data) => thread.onmessage?.({ data }),
    postMessage(message) {
      asked.push(message)
      const result = message.call === 'start' ? { owner } : answers[message.call]
      if (result !== undefined) queueMicrotask(() => thread.say({ kind: 'answer', id: message.id, result }))
    },
  }
  return { thread, asked }
}

test('a thread that does not react keeps another one that wants its upload waiting only for a while', async () => {
  const clock = createManualClock()
  const hanging = createFakeThread('hanging')
  const other = createFakeThread('other', { released: null })
  const threads = [hanging.thread, other.thread]
  await startWorkers({
    count: 2,
    startThread: () => threads.shift() as Thread,
    startOf: () => ({ start: {} as Start, transfer: [] }),
    report: { lines: () => undefined, broken: () => undefined, ended: () => undefined },
    broken: new Promise(() => undefined),
    clock,
  })
  const answersToOther = () => other.asked.filter(({ call }) => call === 'released')
  other.thread.say({ kind: 'release', request: 7, owner: 'hanging', written })
  while (!hanging.asked.some(({ call }) => call === 'release')) await Promise.resolve()
  clock.advance(4_999)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  expect(answersToOther()).toEqual([])
  clock.advance(1)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  expect(answersToOther().map(({ input }) => input)).toEqual([{ request: 7, digest: null }])
  // What it says after all is for nobody.
  hanging.thread.say({ kind: 'answer', id: hanging.asked.at(-1)?.id ?? 0, result: 'sha256:00' })
})
