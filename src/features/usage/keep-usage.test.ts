import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Database } from '../../database/index.ts'
import { claimedRun } from '../../jobs/job-run.testing.ts'
import { systemClock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import { allowAll } from '../../registry/index.ts'
import { createTestRegistry, type TestRegistry } from '../../registry/test-registry.testing.ts'
import { createCountJob } from './count-job.ts'
import { keepUsage } from './keep-usage.ts'

forEachDatabase('what is stored is counted', (kind) => {
  let t: TestRegistry
  /** By the clock of the database. That of the test goes on while this stands still: the looks pause by it. */
  let moment: number
  let database: Database
  beforeEach(async () => {
    t = await createTestRegistry(kind, allowAll)
    moment = t.clock.now()
    database = { ...t.database, now: () => Promise.resolve(moment) }
  })
  afterEach(() => t.dispose())

  /** Answers how many counts were asked for in so many looks. */
  async function looks(count: number, skew: number): Promise<number> {
    let [asked, queued] = [0, 0]
    const transact: Database['transact'] = async (...change) => {
      asked++
      return await t.database.transact(...change)
    }
    const jobs = { queue: () => Promise.resolve({ id: ++queued, added: true }) }
    const clock = { ...t.clock, now: () => moment + skew }
    const end = keepUsage({ database: { ...database, transact }, jobs, clock, logger: createLogger({ level: 'silent' }), retention: 86_400_000 })
    const until = performance.now() + 10_000
    while (asked < count && performance.now() < until) {
      await new Promise((resolve) => setImmediate(resolve))
      t.clock.advance(1_000)
    }
    await end()
    expect(asked).toBe(count)
    return queued
  }

  test.each([-300_000, 0, 300_000, 86_400_000])('when an hour is over since the last count, and not before, by a machine whose clock is off by %d ms', async (skew) => {
    expect(await looks(1, skew)).toBe(1)
    await createCountJob({ database, clock: { ...systemClock, now: () => moment + skew } }).run(await claimedRun(t.database, {}))
    for (const other of [-300_000, 0, 300_000]) expect([other, await looks(3, other)]).toEqual([other, 0])
    moment += 3_600_000
    expect(await looks(1, skew)).toBe(1)
  })
})
