import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { DatabaseError, statement, transaction, type Database, type Tx } from '../../database/index.ts'
import { systemIds } from '../../lib/index.ts'
import { allowAll, createRegistry, type Actor, type Registry } from '../../registry/index.ts'
import { anonymous, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, repository, settings, type TestRegistry } from '../../registry/test-registry.testing.ts'
import { createMeter, type UsageMeter } from './meter.ts'
import { clearUsage, recordUsage, type UsageBatch } from './usage-transactions.ts'

interface DayRow {
  readonly dimension: string
  readonly subject: number
  readonly day: number
  readonly pulls: number
  readonly pulled_bytes: number
  readonly pushes: number
  readonly pushed_bytes: number
}

const days = statement<DayRow>(`
  select dimension, subject, day, pulls, pulled_bytes, pushes, pushed_bytes from usage_day order by namespace_id, dimension, subject, day`)
const lastPulled = statement<{ digest: string; at: number | null }>('select digest, last_pulled_at as at from manifest order by digest')
const writers = statement<{ id: string; batch: number }>('select id, batch from usage_writer order by id')
const repositories = statement<{ id: number }>('select id from repository order by path')
const pulledTags = statement<{ name: string; at: number }>('select name, pulled_at as at from tag order by name')
const setTime = statement('update manifest set last_pulled_at = $1')
const setLastPulled = transaction('set last pulled', async (tx: Tx, at: number) => ({ ok: await tx.run(setTime, at) }))

const hour = 3_600_000
const interval = 5_000
const today = Math.floor(1_700_000_000_000 / 86_400_000)

const account = (id: number): Actor => ({ ...anonymous, identity: 'alice', principal: { kind: 'account', id } })
const robot = (id: number): Actor => ({ ...anonymous, identity: 'robot$ci', principal: { kind: 'robot', id } })
const outside: Actor = { ...anonymous, identity: 'eve', principal: { outside: true, name: 'eve', access: [] } }

/** Lets what waits for the database or for the clock go on, until it is so. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it never came to be')
    await Bun.sleep(1)
  }
}

forEachDatabase('the meter', (kind) => {
  let t: TestRegistry
  const meters: UsageMeter[] = []
  let errors: unknown[] = []

  /** A thread with its own count of the use of the same database. */
  const thread = (database: Database = t.database): { readonly meter: UsageMeter; readonly registry: Registry } => {
    const meter = createMeter({ database, clock: t.clock, writer: systemIds.uuid(), onError: (error) => errors.push(error) })
    meters.push(meter)
    const registry = createRegistry({ ...t, database, ids: systemIds, authorize: allowAll, settings, contentCache: 1024 * 1024, meter })
    return { meter, registry }
  }
  const batches = async (): Promise<number> => (await t.database.all(writers)).reduce((sum, { batch }) => sum + batch, 0)
  /** The next batch of everybody who has something to write. */
  const written = async (expected: number): Promise<void> => {
    t.clock.advance(interval)
    await until(async () => (await batches()) >= expected)
  }
  const dropped = async ({ metrics }: UsageMeter): Promise<number | undefined> => [...(await metrics[0]?.samples() ?? [])][0]?.value
  const pushed = async (registry: Registry, actor: Actor = anonymous) => {
    const config = await pushBlob(registry, 'team/app', '{}')
    const bytes = new TextEncoder().encode(JSON.stringify(manifestOf([], { digest: config, size: 2 })))
    const { digest } = await registry.push.manifest(actor, repository('team/app'), byTag('v1'), { contentType: undefined, bytes, tags: [] })
    return { config, digest, size: bytes.length }
  }

  beforeEach(async () => {
    t = await createTestRegistry(kind, allowAll, [setLastPulled])
    errors = []
  })
  afterEach(async () => {
    for (const meter of meters.splice(0)) await meter.close()
    await t.dispose()
  })

  test('counts manifests and bytes, pulled and pushed, by project, repository and caller', async () => {
    const { registry } = thread()
    const { config, digest, size } = await pushed(registry, account(7))
    await registry.pull.manifest(account(7), repository('team/app'), byTag('v1'))
    await registry.pull.manifest(robot(7), repository('team/app'), byDigest(digest))
    await registry.pull.manifest(outside, repository('team/app'), byDigest(digest))
    const blob = await registry.pull.blob(robot(7), repository('team/app'), config)
    await blob.open()
    await blob.open({ start: 1, end: 1 })
    await written(1)
    const row = (dimension: string, subject: number, ...sums: [number, number, number, number]) => {
      const [pulls, pulled_bytes, pushes, pushed_bytes] = sums
      return { dimension, subject, day: today, pulls, pulled_bytes, pushes, pushed_bytes }
    }
    const id = (await t.database.one(repositories))?.id ?? 0
    expect(await t.database.all(days)).toEqual([
      row('actor:account', 7, 1, size, 1, size),
      row('actor:anonymous', 0, 0, 0, 0, 2),
      row('actor:outside', 0, 1, size, 0, 0),
      row('actor:robot', 7, 1, size + 3, 0, 0),
      row('project', 0, 3, 3 * size + 3, 1, size + 2),
      row('repository', id, 3, 3 * size + 3, 1, size + 2),
    ])
  })

  test('counts nothing that was refused, or is not there', async () => {
    const { registry, meter } = thread()
    await Promise.resolve(registry.pull.manifest(anonymous, repository('team/none'), byTag('v1'))).catch(() => undefined)
    await Promise.resolve(registry.pull.statManifest(anonymous, repository('team/none'), byTag('v1'))).catch(() => undefined)
    await meter.close()
    expect(await t.database.all(writers)).toEqual([])
  })

  test('writes down when a manifest was asked for, HEAD too, and no more than once an hour', async () => {
    const { registry } = thread()
    const { digest } = await pushed(registry)
    await written(1)
    const pulledAt = async () => (await t.database.all(lastPulled))[0]?.at
    expect(await pulledAt()).toBeNull()
    expect(await t.database.all(pulledTags)).toEqual([{ name: 'v1', at: 0 }])
    await registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))
    await written(2)
    const first = t.clock.now()
    expect(await pulledAt()).toBe(first)
    expect(await t.database.all(pulledTags)).toEqual([{ name: 'v1', at: first }])
    // Nothing but HEAD, again and again: no batch is written for it.
    for (let n = 0; n < 10; n++) {
      t.clock.advance(60_000)
      await registry.pull.statManifest(anonymous, repository('team/app'), byDigest(digest))
    }
    expect(await pulledAt()).toBe(first)
    expect(await batches()).toBe(2)
    t.clock.advance(hour)
    await until(async () => (await registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))) !== undefined)
    await until(async () => {
      t.clock.advance(interval)
      await registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))
      return (await batches()) === 3
    })
    expect(await pulledAt()).toBeGreaterThan(first + hour)
  })

  test('another thread writes no time that this hour has already', async () => {
    const [one, other] = [thread(), thread()]
    await pushed(one.registry)
    await one.registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))
    await written(1)
    const at = (await t.database.all(lastPulled))[0]?.at
    await other.registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))
    await written(2)
    expect((await t.database.all(lastPulled))[0]?.at).toBe(at as number)
  })

  test('a time from a clock that was ahead is mended, one from before is never brought back', async () => {
    const { registry } = thread()
    const { digest } = await pushed(registry)
    await written(1)
    const id = (await t.database.one(repositories))?.id ?? 0
    const asked = async (before: number, batch: number): Promise<number | null | undefined> => {
      await t.database.transact(setLastPulled, before)
      await t.database.transact(recordUsage, { writer: 'clock', batch, used: [], asked: [[id, digest]] })
      return (await t.database.all(lastPulled))[0]?.at
    }
    const now = (await asked(0, 1)) as number
    expect(await asked(now + 400 * 86_400_000, 2)).toBeLessThanOrEqual(now + hour)
    const thisHour = now - (now % hour)
    expect(await asked(thisHour, 3)).toBe(thisHour)
    expect(await asked(thisHour - 1, 4)).toBeGreaterThanOrEqual(now)
  })

  test('a batch that is sent again after its answer was lost counts once', async () => {
    await pushed(t.registry)
    const id = (await t.database.one(repositories))?.id ?? 0
    const batch: UsageBatch = { writer: 'w', batch: 1, used: [{ repository: id, actor: 'anonymous', actorId: 0, sums: [1, 2, 3, 4] }], asked: [] }
    for (let n = 0; n < 2; n++) await t.database.transact(recordUsage, batch)
    await t.database.transact(recordUsage, { ...batch, batch: 2 })
    await t.database.transact(recordUsage, batch)
    expect((await t.database.all(days)).filter(({ dimension }) => dimension === 'project')).toMatchObject([{ pulls: 2, pushed_bytes: 8 }])
  })

  test('many threads that pull at once lose and double nothing', async () => {
    const { size } = await pushed(t.registry)
    const threads = [thread(), thread(), thread(), thread()]
    for (let round = 1; round <= 5; round++) {
      await Promise.all(
        threads.map(async ({ registry }, n) => {
          for (let pull = 0; pull < 10; pull++) await registry.pull.manifest(account(n + 1), repository('team/app'), byTag('v1'))
        }),
      )
      await written(round * threads.length)
    }
    expect((await t.database.all(days)).filter(({ dimension }) => dimension === 'project')).toMatchObject([{ pulls: 200, pulled_bytes: 200 * size }])
  })

  test('while the database is away pulls go on, and what they used is written once it is back', async () => {
    await pushed(t.registry)
    let away = false
    const flaky: Database = {
      ...t.database,
      transact: async (...call) => {
        if (away) throw new DatabaseError('unavailable', 'the database is away')
        return await t.database.transact(...call)
      },
    }
    const { registry } = thread(flaky)
    const pull = async () => await registry.pull.manifest(anonymous, repository('team/app'), byTag('v1'))
    await pull()
    away = true
    t.clock.advance(interval)
    await until(() => Promise.resolve(errors.length > 0))
    await pull()
    away = false
    await written(1)
    await written(2)
    expect((await t.database.all(days)).filter(({ dimension }) => dimension === 'project')).toMatchObject([{ pulls: 2 }])
  })

  test('a client with many repositories cannot make memory grow: what does not fit is dropped, and counted as that', async () => {
    await pushed(t.registry)
    const { meter } = thread()
    const uses = 25_000
    for (let n = 1; n <= uses; n++) meter.pulledManifest(anonymous, 1_000_000 + n, `sha256:${n}`, 1)
    expect(await dropped(meter)).toBe(2 * (uses - 10_000))
    await written(10)
    // Room again, and of repositories that are not there no row is made.
    meter.pulledManifest(anonymous, 1, 'sha256:0', 1)
    expect(await dropped(meter)).toBe(2 * (uses - 10_000))
    expect(await t.database.all(days)).toEqual([])
  })

  test('what was used last is written when the server ends', async () => {
    await pushed(t.registry)
    const { registry, meter } = thread()
    await registry.pull.manifest(anonymous, repository('team/app'), byTag('v1'))
    await meter.close()
    expect((await t.database.all(days)).filter(({ dimension }) => dimension === 'project')).toMatchObject([{ pulls: 1 }])
    expect((await t.database.all(lastPulled))[0]?.at).not.toBeNull()
  })

  test('old days go in steps, and so do threads that are gone', async () => {
    await pushed(t.registry)
    await pushBlob(t.registry, 'team/other', '{}')
    const ids = await t.database.all(repositories)
    const used = ids.map(({ id }) => ({ repository: id, actor: 'anonymous', actorId: 0, sums: [1, 0, 0, 0] }) as const)
    await t.database.transact(recordUsage, { writer: 'w', batch: 1, used, asked: [] })
    const clear = async () => await t.database.transact(clearUsage, { retention: 0, most: 3 })
    expect(await clear()).toEqual({ ok: 0 })
    expect(await t.database.all(days)).toHaveLength(4)
    t.clock.advance(3 * 86_400_000)
    expect([await clear(), await clear()]).toEqual([{ ok: 3 }, { ok: 1 }])
    expect([await t.database.all(days), await t.database.all(writers)]).toEqual([[], []])
  })
})
