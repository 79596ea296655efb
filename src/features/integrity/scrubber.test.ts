import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManualClock, systemIds, type Clock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import { anonymous, pushBlob, repository } from '../../registry/test-registry.testing.ts'
import { StorageError, type BlobStore } from '../../storage/index.ts'
import { createScrubber, type Scrubber } from './index.ts'
import { createTestIntegrity, layerOf, type TestIntegrity } from './integrity.testing.ts'

const day = 24 * 3_600_000

forEachDatabase('the scrubber', (kind) => {
  let t: TestIntegrity
  let lines: Record<string, unknown>[]
  let stop: AbortController
  beforeEach(async () => {
    t = await createTestIntegrity(kind)
    lines = []
    stop = new AbortController()
  })
  afterEach(() => t.dispose())

  function create(rate = 2 ** 40, parts: { clock?: Clock; store?: BlobStore } = {}): Scrubber {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>), close: () => Promise.resolve() }
    return createScrubber({ ids: systemIds, ...t, ...parts, rate, logger: createLogger({ level: 'info', destination }) })
  }

  /** Until the pass is over; answers how long it then wants to wait. */
  async function pass(scrubber: Scrubber): Promise<number> {
    for (let pages = 0; pages < 1000; pages++) {
      const pause = await scrubber.step(stop.signal)
      if (pause > 0) return pause
    }
    throw new Error('the pass does not end')
  }
  const codes = () => lines.flatMap(({ code }) => (code === undefined ? [] : [code]))

  test('marks what is damaged, says where it is missed and what to do, and looks again a day later', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    await t.replaceBytes(await t.objectOf(layer), layerOf(2))
    const scrubber = create()
    expect(await pass(scrubber)).toBe(3_600_000)
    expect(lines).toMatchObject([
      {
        level: 'error',
        code: 'object-corrupt',
        digest: layer,
        repositories: [{ repository: 'team/app', tags: ['v1'] }],
        marked: true,
        next: expect.stringContaining('push it again'),
      },
      { level: 'info', msg: 'the scrubber has looked at everything' },
    ])
    await expect(t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    await pushBlob(t.registry, 'team/other', layerOf(1))
    lines = []
    t.clock.advance(day - 1000)
    expect(await pass(scrubber)).toBe(1000)
    t.clock.advance(1000)
    await pass(scrubber)
    expect([codes(), lines.length]).toEqual([[], 1])
  })

  test('serves again what turned out whole', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    const object = await t.objectOf(layer)
    await t.replaceBytes(object, layerOf(2))
    await pass(create())
    await t.replaceBytes(object, layerOf(1))
    t.clock.advance(day)
    await pass(create())
    expect(codes()).toEqual(['object-corrupt', 'object-whole-again'])
    expect(await t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).toMatchObject({ size: 50_000 })
  })

  test('goes on after a restart where it was', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    const first = create()
    await first.step(stop.signal)
    await first.step(stop.signal)
    await first.close()
    // Behind it by now: the next pass finds it.
    await t.store.delete((await t.objectOf(layer)).id, (await t.objectOf(layer)).key)
    const second = create()
    await pass(second)
    expect(codes()).toEqual([])
    t.clock.advance(day)
    await pass(create())
    expect(codes()).toEqual(['object-missing'])
  })

  test('of two on one database one looks at a time; the other goes on where it ended, or was killed', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    const [first, second] = [create(), create()]
    await first.step(stop.signal)
    await first.step(stop.signal)
    expect(await second.step(stop.signal)).toBe(300_000)
    await first.close()
    // Behind the place where the first one was.
    const object = await t.objectOf(layer)
    await t.store.delete(object.id, object.key)
    expect(await second.step(stop.signal)).toBe(0)
    expect(await create().step(stop.signal)).toBe(300_000)
    // The second one is killed: nobody keeps its turn.
    t.clock.advance(299_999)
    const third = create()
    expect(await third.step(stop.signal)).toBe(1)
    t.clock.advance(1)
    expect(await pass(third)).toBe(3_600_000)
    expect(codes()).toEqual([])
    expect([await pass(first), await pass(second)]).toEqual([3_600_000, 3_600_000])
    expect(lines.filter(({ msg }) => msg === 'the scrubber has looked at everything')).toHaveLength(1)
    t.clock.advance(day)
    await Promise.all([pass(first), pass(third)].map((ended) => ended.catch(() => undefined)))
    expect(codes()).toEqual(['object-missing'])
  })

  test('one that stood still gives up its turn to the one that went on', async () => {
    for (let seed = 0; seed < 3; seed++) await pushBlob(t.registry, 'team/app', layerOf(seed))
    const [stands, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const sleep = async (): Promise<void> => {
      stands.resolve()
      await goesOn.promise
    }
    const [slow, other] = [create(1, { clock: { ...t.clock, sleep } }), create()]
    const slowStep = slow.step(stop.signal)
    await stands.promise
    expect(await other.step(stop.signal)).toBe(300_000)
    t.clock.advance(300_000)
    await pass(other)
    goesOn.resolve()
    expect(await slowStep).toBe(0)
    expect(await pass(slow)).toBe(3_600_000)
    expect(lines).toHaveLength(1)
  })

  test('reads no faster than it is told, and ends when it is told', async () => {
    const clock = createManualClock()
    for (let seed = 0; seed < 4; seed++) await pushBlob(t.registry, 'team/app', layerOf(seed, 100_000))
    let slept = 0
    const counting: Clock = {
      ...clock,
      sleep: async (ms) => {
        slept += ms
        clock.advance(ms)
      },
    }
    await pass(create(100_000, { clock: counting }))
    // 400 kB of objects and 17 rows and files of 1 KiB each.
    expect(slept).toBeGreaterThan(3900)
    expect(slept).toBeLessThan(4500)
    stop.abort(new Error('the end'))
    await expect(create().step(stop.signal)).rejects.toThrow('the end')
  })

  test('what it cannot read does not keep it from the rest', async () => {
    await t.pushImage('team/app', 'v1')
    const store = Object.assign(Object.create(t.store) as BlobStore, {
      list: () => Promise.reject(new StorageError('failed', 'cannot read the directory')),
      stat: () => Promise.reject(new StorageError('failed', 'cannot look at it')),
    })
    await pass(create(2 ** 40, { store }))
    expect(codes()).toEqual(['object-unreadable'])
    expect(lines.map(({ msg }) => msg)).toContain('the scrubber could not look at all that is stored')
  })
})
