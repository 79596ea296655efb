import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import pg from 'pg'
import { systemClock, systemIds, type Clock } from '../../lib/index.ts'
import { administer, testPostgres } from '../for-each-database.testing.ts'
import { statement, transaction, type Database } from '../index.ts'
import { openPostgresDatabase } from './index.ts'

const insert = statement('insert into meta (name, value) values ($1, $2)')
const recordOnce = statement(`insert into event (operation_id, kind, at, keys, result) values ($1, 'meta.put', 0, '{}', $2)`)
const countAll = statement<{ n: number }>('select count(*) as n from meta where name like $1')
const slowly = statement(`select pg_sleep(0.02)`)

const put = transaction('put', async (tx, name: string) => {
  await tx.run(insert, name, 'x')
  await tx.one(slowly)
  await tx.run(recordOnce, tx.operationId, JSON.stringify({ name }))
  return { ok: { name } }
})

const sleepFor = transaction('sleep', async (tx, seconds: number) => {
  await tx.one(statement('select pg_sleep($1)'), seconds)
  return { ok: null }
})
/** COMMIT takes a second for whatever writes to the table: longer than the test is patient, and shorter than it tries. */
const slowCommits = transaction('slow commits', async (tx) => {
  await tx.run(statement('create function dawdle() returns trigger language plpgsql as $$begin perform pg_sleep(1); return null; end$$'))
  await tx.run(statement('create constraint trigger dawdle after insert on meta deferrable initially deferred for each row execute function dawdle()'))
  return { ok: null }
})
const usualCommits = transaction('usual commits', async (tx) => {
  await tx.run(statement('drop function dawdle() cascade'))
  return { ok: null }
})

const server = testPostgres()
const suite = server === undefined ? describe.skip : describe

suite('a PostgreSQL whose connections break (BERTH_TEST_POSTGRES)', () => {
  const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  const url = new URL(server ?? 'postgres://unused')
  url.pathname = `/${name}`
  let database: Database

  beforeAll(async () => {
    await administer(server ?? '', `create database ${name}`)
    const options = { url: url.href, mustExist: false, clock: systemClock, ids: systemIds }
    database = await openPostgresDatabase({ ...options, onIdleError: () => undefined })
  })
  afterAll(async () => {
    await database.close()
    await administer(server ?? '', `drop database ${name} with (force)`)
  })

  test('every transaction ends once, however often the server cuts them all off', async () => {
    const admin = new pg.Client({ connectionString: server })
    await admin.connect()
    const names = Array.from({ length: 30 }, (_, n) => `cut ${n}`)
    const all = Promise.all(names.map((each) => database.transact(put, each)))
    for (let cut = 0; cut < 15; cut++) {
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
      await admin.query('select pg_sleep(0.01)')
    }
    await admin.end()
    expect(await all).toEqual(names.map((each) => ({ ok: { name: each } })))
    expect((await database.one(countAll, 'cut %'))?.n).toBe(names.length)
    expect(await database.transact(put, 'after')).toEqual({ ok: { name: 'after' } })
  })

  test('an operation that an earlier attempt commits at this moment answers as that attempt did', async () => {
    const operation = crypto.randomUUID()
    const earlier = new pg.Client({ connectionString: url.href })
    await earlier.connect()
    await earlier.query('begin')
    await earlier.query(recordOnce.postgres, [operation, JSON.stringify({ name: 'first' })])
    const again = database.transact(put, 'second', operation)
    const waiting = `select 1 from pg_stat_activity where datname = '${name}' and wait_event_type = 'Lock'`
    while ((await earlier.query(waiting)).rowCount === 0) await systemClock.sleep(5)
    await earlier.query('commit')
    await earlier.end()
    expect(await again).toEqual({ ok: { name: 'first' } })
    expect((await database.one(countAll, 'second'))?.n).toBe(0)
  })

  test('a server that answers nothing is given up on after ten seconds', async () => {
    let time = 0
    const clock = { ...systemClock, monotonic: () => (time += 5_000) }
    const options = { url: url.href, mustExist: true, clock, ids: systemIds }
    const impatient = await openPostgresDatabase({ ...options, onIdleError: () => undefined })
    let tries = 0
    const cutOff = transaction('cut off', async (tx) => {
      tries += 1
      await tx.one(statement('select pg_terminate_backend(pg_backend_pid())'))
      return { ok: null }
    })
    await expect(impatient.transact(cutOff, null)).rejects.toMatchObject({ code: 'unavailable' })
    expect(tries).toBe(2)
    await impatient.close()
  })

  test('a statement without an answer fails in time, and its connection is not used again', async () => {
    const impatient = await openImpatient(systemClock)
    const sleep = statement<{ pid: number }>('select pg_backend_pid() as pid, pg_sleep(20)')
    await expect(impatient.one(sleep)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(impatient.transact(sleepFor, 20)).rejects.toMatchObject({ code: 'unavailable' })
    expect((await impatient.one(countAll, 'nothing'))?.n).toBe(0)
    await impatient.close()
  })

  test('a COMMIT without an answer is followed up until its outcome is known: it happened once', async () => {
    const impatient = await openImpatient({ ...systemClock, monotonic: () => 0 })
    await impatient.transact(slowCommits, null)
    try {
      expect(await impatient.transact(put, 'slow commit')).toEqual({ ok: { name: 'slow commit' } })
      expect((await impatient.one(countAll, 'slow commit'))?.n).toBe(1)
    } finally {
      await database.transact(usualCommits, null)
      await impatient.close()
    }
  })

  async function openImpatient(clock: Clock): Promise<Database> {
    const options = { url: url.href, mustExist: true, clock, ids: systemIds, patience: 300 }
    return await openPostgresDatabase({ ...options, onIdleError: () => undefined })
  }
})
