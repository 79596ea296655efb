import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Database, Statement } from '../../database/index.ts'
import { createManualClock, type ManualClock } from '../../lib/index.ts'
import { transactions } from '../../transactions.ts'
import { whileHeld } from './while-held.ts'

const text = 'select name, until, reason from collection_hold'
const holds: Statement<{ name: string; until: number; reason: string }> = { name: 'holds', sqlite: text, postgres: text }

forEachDatabase('work while collection is held', (kind) => {
  let clock: ManualClock
  let naps: number
  let database: Database
  let dispose: () => Promise<void>
  beforeEach(async () => {
    clock = createManualClock(1_700_000_000_000)
    naps = 0
    const made = await kind.create(transactions, clock)
    database = made.database
    dispose = made.dispose
  })
  afterEach(() => dispose())
  const hold = async () => (await database.all(holds))[0]
  /** The same clock, which counts how often a renewal lay down until the next one. */
  const counted = () => ({ ...clock, sleep: (ms: number, signal?: AbortSignal) => (naps++, clock.sleep(ms, signal)) })
  /** Lets as much time pass, as the renewals would have it. */
  async function pass(minutes: number): Promise<void> {
    for (let minute = 1; minute <= minutes; minute++) {
      while (naps < minute) await new Promise((resolve) => setImmediate(resolve))
      clock.advance(60_000)
    }
    while (naps <= minutes) await new Promise((resolve) => setImmediate(resolve))
  }

  test('is renewed while it goes on, and released at its end', async () => {
    const result = await whileHeld({ database, clock: counted() }, 'backup:1', 'why', async () => {
      expect(await hold()).toEqual({ name: 'backup:1', until: clock.now() + 300_000, reason: 'why' })
      await pass(10)
      expect((await hold())?.until).toBe(clock.now() + 300_000)
      return 'done'
    })
    expect([result, await hold()]).toEqual(['done', undefined])
  })

  test('is released when the work fails', async () => {
    const failing = whileHeld({ database, clock }, 'backup:1', 'why', () => Promise.reject(new Error('made up')))
    await expect(failing).rejects.toThrow('made up')
    expect(await hold()).toBeUndefined()
  })

  test('goes by the time of the database where ours is another', async () => {
    const slow = createManualClock(1_000_000_000_000)
    await whileHeld({ database, clock: slow }, 'backup:1', 'why', async () => {
      expect((await hold())?.until).toBe(clock.now() + 300_000)
    })
  })

  test('does not count when this process stood still for longer than the hold', async () => {
    const late = whileHeld({ database, clock }, 'backup:1', 'why', (lost) => {
      clock.advance(300_001)
      return new Promise((resolve) => lost.addEventListener('abort', () => resolve('too late')))
    })
    await expect(late).rejects.toMatchObject({ code: 'lapsed' })
    expect(await hold()).toBeUndefined()
  })

  test('does not count either when nobody noticed before its end', async () => {
    const stopped = { ...clock, sleep: (_: number, signal?: AbortSignal) => new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(new Error('ended')))) }
    const late = whileHeld({ database, clock: stopped }, 'backup:1', 'why', () => Promise.resolve(clock.advance(300_001)))
    await expect(late).rejects.toMatchObject({ code: 'lapsed' })
  })
})
