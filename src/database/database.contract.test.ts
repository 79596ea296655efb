import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { forEachDatabase, type TestDatabase } from './for-each-database.testing.ts'
import { statement, transaction, transactionTable, type Tx } from './index.ts'

const insertEvent = statement(`
  insert into event (operation_id, kind, at, keys, result) values ($1, 'test', $2, '{}', $3)`)
const insertMeta = statement('insert into meta (name, value) values ($1, $2)')
const readMeta = statement<{ value: string }>('select value from meta where name = $1')
const countMeta = statement<{ n: number }>(`select count(*) as n from meta where name not in ('installation', 'secret', 'rights')`)

const put = transaction('put', async (tx: Tx, input: { name: string; value: string; refuse?: boolean; fail?: boolean }) => {
  await tx.run(insertMeta, input.name, input.value)
  if (input.fail === true) throw new Error('planned')
  if (input.refuse === true) return { refused: 'PLANNED', detail: { name: input.name } }
  await tx.run(insertEvent, tx.operationId, tx.now, JSON.stringify({ stored: input.value }))
  return { ok: { stored: input.value } }
})
const bytes = statement<{ b: Uint8Array }>({ sqlite: 'select $1 as b', postgres: 'select $1::bytea as b' })
const echo = transaction('echo', async (tx: Tx, input: { bytes: Uint8Array }) => {
  const row = await tx.one(bytes, input.bytes)
  return { ok: { bytes: new Uint8Array(row!.b), now: tx.now } }
})
const table = transactionTable([put, echo])

forEachDatabase('a database', (kind) => {
  let t: TestDatabase
  const clock = createManualClock(1000)
  beforeEach(async () => {
    t = await kind.create(table, clock)
  })
  afterEach(() => t.dispose())

  test('an acknowledged transaction is read at once', async () => {
    expect(await t.database.transact(put, { name: 'a', value: '1' })).toEqual({ ok: { stored: '1' } })
    expect(await t.database.one(readMeta, 'a')).toEqual({ value: '1' })
    expect(await t.database.one(readMeta, 'b')).toBeUndefined()
    expect(await t.database.all(readMeta, 'b')).toEqual([])
  })

  test('a refusal is a value and leaves nothing', async () => {
    expect(await t.database.transact(put, { name: 'a', value: '1', refuse: true })).toEqual({ refused: 'PLANNED', detail: { name: 'a' } })
    expect(await t.database.one(readMeta, 'a')).toBeUndefined()
  })

  test('a failing transaction fails alone', async () => {
    const all = await Promise.allSettled([
      t.database.transact(put, { name: 'a', value: '1' }),
      t.database.transact(put, { name: 'b', value: '2', fail: true }),
      t.database.transact(put, { name: 'c', value: '3' }),
      t.database.transact(put, { name: 'a', value: 'taken' }),
    ])
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect((await t.database.one(countMeta))?.n).toBe(2)
  })

  test('the same operation again changes nothing and answers the same', async () => {
    const operation = crypto.randomUUID()
    const first = await t.database.transact(put, { name: 'a', value: '1' }, operation)
    expect(await t.database.transact(put, { name: 'a', value: '1' }, operation)).toEqual(first)
    expect(await t.database.transact(put, { name: 'z', value: '9' }, operation)).toEqual(first)
    expect((await t.database.one(countMeta))?.n).toBe(1)
  })

  test('bytes and the shared clock pass through', async () => {
    clock.advance(5)
    const input = { bytes: new Uint8Array([0, 1, 255]) }
    expect(await t.database.transact(echo, input)).toEqual({ ok: { bytes: input.bytes, now: clock.now() } })
  })

  test('many at once are all kept', async () => {
    const many = Array.from({ length: 300 }, (_, n) => t.database.transact(put, { name: `n${n}`, value: 'v' }))
    await Promise.all(many)
    expect((await t.database.one(countMeta))?.n).toBe(300)
  })

  test('reads of one moment do not see what is committed meanwhile', async () => {
    await t.database.transact(put, { name: 'a', value: '1' })
    const seen = await t.database.snapshot(async (moment) => {
      const before = await moment.one(countMeta)
      await t.database.transact(put, { name: 'b', value: '2' })
      return [before, await moment.one(countMeta), await moment.all(readMeta, 'b')]
    })
    expect(seen).toEqual([{ n: 1 }, { n: 1 }, []])
    expect(await t.database.snapshot((moment) => moment.one(countMeta))).toEqual({ n: 2 })
  })

  test('a failing look at a moment leaves nothing behind', async () => {
    await expect(t.database.snapshot(() => Promise.reject(new TypeError('planned')))).rejects.toThrow(TypeError)
    expect(await t.database.snapshot((moment) => moment.one(countMeta))).toEqual({ n: 0 })
  })
})
