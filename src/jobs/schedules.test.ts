import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Database } from '../database/index.ts'
import { createLogger } from '../observe/index.ts'
import { nextRun } from './cron.ts'
import { fireDue, heedClock, type SchedulingDeps } from './keep-scheduling.ts'
import { workOnce } from './keep-working.ts'
import { bringForward } from './schedule-transactions.ts'
import { createSchedules, type Schedules } from './schedules.ts'
import { actor, createTestJobs, events, stepsHandler, stepsKind, type TestJobs } from './test-jobs.testing.ts'

const at = (text: string): number => Date.parse(text)
const times = (cron: string, timeZone: string, from: string, count: number): string[] => {
  const found: string[] = []
  for (let after = at(from); found.length < count; ) found.push(new Date((after = nextRun({ cron, timeZone }, after))).toISOString().slice(0, 16))
  return found
}

describe('the next run', () => {
  test('is the next time of the zone that the fields name', () => {
    expect(times('30 4 * * *', 'UTC', '2026-01-01T04:30:00Z', 2)).toEqual(['2026-01-02T04:30', '2026-01-03T04:30'])
    expect(times('0 9 * * MON-FRI', 'Asia/Shanghai', '2026-01-02T00:00:00Z', 3)).toEqual(['2026-01-02T01:00', '2026-01-05T01:00', '2026-01-06T01:00'])
    expect(times('0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2028-02-29T00:00', '2032-02-29T00:00'])
  })

  test('in an hour that is skipped is at its end, and in one that comes twice the first', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-30T00:30'])
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:50:00Z', 4)).toEqual(['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30'])
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:40:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-03-29T01:30'])
  })

  test.each([
    ['0 0 31 2 *', 'UTC', 'cron', 'cron never comes: no date is like that'],
    ['0 0 30 2 *', 'Europe/Berlin', 'cron', 'never comes'],
    ['60 * * * *', 'UTC', 'cron', 'Invalid value for minute: 60'],
    ['* * * * * *', 'UTC', 'cron', 'five fields'],
    ['@daily', 'UTC', 'cron', 'five fields'],
    ['2027-01-01T00:00:00', 'UTC', 'cron', 'five fields'],
    ['? * * * *', 'UTC', 'cron', 'five fields'],
    [`${'1,'.repeat(30)}1 * * * *`, 'UTC', 'cron', 'five fields'],
    ['0 3 * * *', 'Mars/Base', 'timeZone', 'no time zone'],
    ['0 3 * * *', '', 'timeZone', 'no time zone'],
    ['0 3 * * *', '+02:00', 'timeZone', 'no time zone'],
    ['0 3 * * *', 'UTC\u0000', 'timeZone', 'no time zone'],
  ])('of %p in %p is refused with the place', (cron, timeZone, field, message) => {
    let refused: unknown
    try {
      nextRun({ cron, timeZone }, at('2026-01-01T00:00:00Z'))
    } catch (error) {
      refused = error
    }
    expect(refused).toMatchObject({ code: 'SCHEDULE_INVALID', field, message: expect.stringContaining(message) as unknown })
  })
})

forEachDatabase('a schedule', (kind) => {
  let t: TestJobs
  let now: number
  let schedules: Schedules
  let node: SchedulingDeps
  beforeEach(async () => {
    t = await createTestJobs(kind)
    now = at('2026-03-01T00:10:00Z')
    // The clock that all share, which somebody may set; those of the machines are others.
    const database: Database = { ...t.database, now: () => Promise.resolve(now) }
    schedules = createSchedules({ database, kinds: [stepsKind] })
    node = { database, clock: t.clock, logger: createLogger({ level: 'silent' }), kinds: [stepsKind] }
  })
  afterEach(() => t.dispose())

  const nightly = { name: 'nightly', kind: stepsKind.name, payload: { steps: 1 }, cron: '0 2 * * *', timeZone: 'UTC', enabled: true }
  const jobs = async () => (await t.jobs.list({}, undefined, 100)).map(({ state, schedule }) => `${schedule} ${state}`)
  const work = async () => await workOnce(t.worker([stepsHandler(t.database)]), new AbortController().signal)
  const next = async () => new Date((await schedules.find('nightly'))?.nextRunAt ?? 0).toISOString()

  test('queues a job when its time has come, and not before', async () => {
    expect(await schedules.create(nightly, actor)).toMatchObject({ name: 'nightly', nextRunAt: at('2026-03-01T02:00:00Z'), lastRunAt: undefined, createdBy: 'olga' })
    now = at('2026-03-01T01:59:59.999Z')
    await fireDue(node)
    expect(await jobs()).toEqual([])
    now = at('2026-03-01T02:00:00Z')
    await fireDue(node)
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly queued'])
    expect(await schedules.find('nightly')).toMatchObject({ nextRunAt: at('2026-03-02T02:00:00Z'), lastRunAt: at('2026-03-01T02:00:00Z') })
    await work()
    expect(await t.steps()).toHaveLength(1)
  })

  test('that nobody can read does not hold up the others', async () => {
    // Due before the good one, and far in the future as well.
    await schedules.create({ ...nightly, name: 'bad', cron: '0 1 * * *' }, actor)
    await schedules.create(nightly, actor)
    const spoilt = (row: unknown): unknown => ((row as { readonly name: string }).name === 'bad' ? { ...(row as object), time_zone: 'Mars/Base' } : row)
    const all: Database['all'] = async (...query) => (await t.database.all(...query)).map(spoilt) as never
    const reading = { ...node, database: { ...node.database, all } }
    now = at('2026-03-01T02:00:00Z')
    expect(await fireDue(reading)).toBe(false)
    expect(await jobs()).toEqual(['nightly queued'])
    await t.database.transact(bringForward, { id: (await schedules.find('nightly'))?.id ?? 0, from: at('2026-03-02T02:00:00Z'), to: at('2031-03-02T02:00:00Z') })
    expect(await heedClock(reading)).toBe(false)
    expect(await next()).toBe('2026-03-02T02:00:00.000Z')
    expect(await heedClock(node)).toBe(true)
  })

  test('that was due many times while nobody looked runs once', async () => {
    await schedules.create(nightly, actor)
    now = at('2026-03-20T12:00:00Z')
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly queued'])
    expect(await next()).toBe('2026-03-21T02:00:00.000Z')
  })

  test('runs once where several processes see its time come', async () => {
    await schedules.create(nightly, actor)
    now = at('2026-03-01T02:00:00Z')
    await Promise.all([fireDue(node), fireDue(node), fireDue(node)])
    await work()
    // The clock was set back a little.
    now = at('2026-03-01T01:59:58Z')
    await heedClock(node)
    await fireDue(node)
    now = at('2026-03-01T02:00:00Z')
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly done'])
  })

  test('comes by the clock of the database, however wrong that of a machine is', async () => {
    await schedules.create(nightly, actor)
    now = at('2026-03-01T01:59:59Z')
    for (const wrong of [at('2020-01-01T00:00:00Z'), at('2040-01-01T00:00:00Z')]) {
      const machine = { ...node, clock: { ...t.clock, now: () => wrong } }
      await heedClock(machine)
      await fireDue(machine)
      expect([await jobs(), await next()]).toEqual([[], '2026-03-01T02:00:00.000Z'])
    }
    now = at('2026-03-01T02:00:00Z')
    await fireDue({ ...node, clock: { ...t.clock, now: () => at('2020-01-01T00:00:00Z') } })
    expect([await jobs(), await next()]).toEqual([['nightly queued'], '2026-03-02T02:00:00.000Z'])
  })

  test('does not run a second time while its last job has not ended', async () => {
    await schedules.create(nightly, actor)
    for (const day of ['2026-03-01', '2026-03-02']) {
      now = at(`${day}T02:00:00Z`)
      await fireDue(node)
    }
    expect(await jobs()).toEqual(['nightly queued'])
    await work()
    now = at('2026-03-03T02:00:00Z')
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly queued', 'nightly done'])
  })

  test('goes by a clock that was set back, and does not run again what has just run', async () => {
    await schedules.create(nightly, actor)
    now = at('2026-03-01T02:00:00Z')
    await fireDue(node)
    await work()
    now = at('2026-03-01T01:30:00Z')
    await heedClock(node)
    expect(await next()).toBe('2026-03-02T02:00:00.000Z')
    // A clock that was years ahead.
    now = at('2031-01-01T05:00:00Z')
    await fireDue(node)
    await work()
    now = at('2026-03-01T03:00:00Z')
    await heedClock(node)
    // What was due first by that clock has run.
    expect(await next()).toBe('2026-03-03T02:00:00.000Z')
    now = at('2026-03-03T02:00:00Z')
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly queued', 'nightly done', 'nightly done'])
  })

  test('that is not enabled does not run, and begins anew when it is', async () => {
    await schedules.create({ ...nightly, enabled: false }, actor)
    now = at('2026-03-05T02:00:00Z')
    await fireDue(node)
    expect(await jobs()).toEqual([])
    await schedules.change(nightly, actor)
    await fireDue(node)
    expect(await jobs()).toEqual([])
    expect(await next()).toBe('2026-03-06T02:00:00.000Z')
  })

  test('is not held up by any number of others of kinds that this program does not know', async () => {
    const elsewhere = createSchedules({ database: node.database, kinds: [{ ...stepsKind, name: 'test.newer' }] })
    for (let made = 0; made < 101; made++) await elsewhere.create({ ...nightly, name: `newer-${made}`, kind: 'test.newer', cron: '0 1 * * *' }, actor)
    await schedules.create(nightly, actor)
    now = at('2026-03-01T02:00:00Z')
    expect(await fireDue(node)).toBe(true)
    expect(await jobs()).toEqual(['nightly queued'])
  })

  test('is brought forward after the clock was set back, however many others run later and wait for nothing', async () => {
    now = at('2026-03-10T00:00:00Z')
    for (let made = 0; made < 200; made++) await schedules.create({ ...nightly, name: `yearly-${made}`, cron: '0 0 1 1 *' }, actor)
    await schedules.create(nightly, actor)
    now = at('2026-03-01T00:00:00Z')
    expect(await heedClock(node)).toBe(true)
    expect(await next()).toBe('2026-03-01T02:00:00.000Z')
  }, 60_000)

  test('of a kind that this program does not know waits for one that does', async () => {
    await schedules.create(nightly, actor)
    now = at('2026-03-01T02:00:00Z')
    await fireDue({ ...node, kinds: [] })
    expect(await jobs()).toEqual([])
    await fireDue(node)
    expect(await jobs()).toEqual(['nightly queued'])
  })

  test('that can never run, or whose job nobody could run, is refused, and nothing is changed', async () => {
    for (const [wrong, code, field] of [
      [{ cron: '0 0 31 2 *' }, 'SCHEDULE_INVALID', 'cron'],
      [{ timeZone: 'Nowhere' }, 'SCHEDULE_INVALID', 'timeZone'],
      [{ payload: {} }, 'PAYLOAD_INVALID', 'payload'],
      [{ kind: 'none' }, 'KIND_UNKNOWN', 'kind'],
    ] as const) {
      await expect(schedules.create({ ...nightly, ...wrong }, actor)).rejects.toMatchObject({ code, field })
    }
    expect(await schedules.list('', 10)).toEqual([])
    const made = await schedules.create(nightly, actor)
    await expect(schedules.change({ ...nightly, cron: '0 0 31 2 *' }, actor)).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' })
    expect(await schedules.find('nightly')).toEqual(made)
  })

  test('has a name of its own, and leaves an event for each change', async () => {
    await schedules.create(nightly, actor)
    await expect(schedules.create(nightly, actor)).rejects.toMatchObject({ code: 'SCHEDULE_EXISTS' })
    await schedules.change({ ...nightly, cron: '0 3 * * *' }, actor)
    await schedules.remove('nightly', actor)
    await expect(schedules.remove('nightly', actor)).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' })
    await expect(schedules.change(nightly, actor)).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' })
    const found = (await t.database.all(events, 0)).map(({ kind: name, keys, actor: by }) => ({ what: name, by, ...(JSON.parse(keys) as { before: unknown; after: unknown }) }))
    expect(found).toMatchObject([
      { what: 'schedule.create', by: 'olga', before: null, after: { cron: '0 2 * * *' } },
      { what: 'schedule.update', by: 'olga', before: { cron: '0 2 * * *' }, after: { cron: '0 3 * * *' } },
      { what: 'schedule.delete', by: 'olga', before: { cron: '0 3 * * *' }, after: null },
    ])
  })
})
