import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { createCollector, holdCollection } from './index.ts'
import { createTestRegistry, pushBlob, settings, type TestRegistry } from './test-registry.testing.ts'

const minute = 60_000
/** Of the collector: a tenth of it is ten minutes. */
const lease = 100 * minute

forEachDatabase('a collector that is always behind', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test('makes way for ten minutes, and then not before nothing waits any more', async () => {
    for (let count = 0; count < 20; count++) await pushBlob(t.registry, 'a', `blob ${count}`)
    t.clock.advance(settings.lease + 1)
    let slept = 0
    const clock = {
      now: () => t.clock.now(),
      monotonic: () => t.clock.monotonic(),
      sleep: (ms: number) => {
        slept += ms
        t.clock.advance(ms)
        return Promise.resolve()
      },
    }
    /** Each step takes a minute. */
    const database: typeof t.database = {
      ...t.database,
      transact: async (...given) => {
        t.clock.advance(minute)
        return await t.database.transact(...given)
      },
    }
    const collector = createCollector({ ...t, database, clock, settings: { ...settings, lease } })
    const restsBefore = async (limit: number): Promise<number> => {
      slept = 0
      await collector.collectDue(limit)
      return slept / minute
    }
    expect([await restsBefore(2), await restsBefore(2), await restsBefore(2), await restsBefore(2)]).toEqual([0, 2, 2, 2])
    expect([await restsBefore(2), await restsBefore(2)]).toEqual([0, 0])
    // What came due while it was held is no sign that it is behind.
    await t.database.transact(holdCollection, { name: 'backup', until: t.clock.now() + 60 * minute, reason: 'a copy is taken' })
    expect(await collector.collectDue(2)).toBe(0)
    t.clock.advance(61 * minute)
    expect([await restsBefore(2), await restsBefore(2)]).toEqual([0, 2])
    // All that is left, 16 at a time.
    expect(await restsBefore(1_000)).toBe(2 + 16)
  })
})
