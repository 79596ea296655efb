import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { statement } from '../statement.ts'
import { transaction, transactionTable, type Tx } from '../transaction.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { commitFrugally } from './frugal-commit.ts'
import type { WriteReply, WriteRequest } from './merged-commit.ts'
import type { Reserve } from './reserve.ts'

const insert = statement('insert into t (name, bytes) values ($1, zeroblob($2))')
const names = statement<{ name: string }>('select name from t order by name')
const put = (name: string) =>
  transaction(name, async (tx: Tx, { bytes }: { bytes: number }) => {
    await tx.run(insert, tx.operationId, bytes)
    return { ok: tx.operationId }
  })
const table = transactionTable([put('push')], [put('delete')])
const request = (name: 'push' | 'delete', operationId: string, bytes = 10): WriteRequest => {
  return { name, input: { bytes }, operationId, again: false, now: 0 }
}
const told = (replies: readonly WriteReply[]) => replies.map((reply) => ('outcome' in reply ? 'done' : reply.error.code))

/** The database may have so many pages: SQLite answers FULL beyond. Each piece of the reserve is four more. */
describe('a commit on a full disk', () => {
  let folder: string
  let connection: SqliteConnection
  let pieces: number
  let whole: boolean
  let limit: number
  const allow = (pages: number): void => connection.execute(`pragma max_page_count = ${(limit = pages)}`)
  const reserve: Reserve = {
    keep: () => whole,
    give: () => {
      if (pieces === 0) return false
      pieces--
      allow(limit + 4)
      return true
    },
    close: () => undefined,
  }
  const commit = (...requests: WriteRequest[]) => commitFrugally({ connection, table, reserve }, requests)
  const kept = () => connection.all(names, []).map(({ name }) => name)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-frugal-'))
    connection = openSqlite(join(folder, 'x.db'), 'write')
    connection.execute('create table t (name text unique, bytes blob)')
    whole = true
    pieces = 5
    allow(5)
  })
  afterEach(() => {
    connection.close()
    rmSync(folder, { recursive: true })
  })

  test('gives the reserve to what frees room, as much as that takes, and refuses the rest of the batch', async () => {
    expect(told(await commit(request('push', 'a', 30_000), request('delete', 'b', 30_000), request('push', 'c')))).toEqual(['full', 'done', 'full'])
    expect(kept()).toEqual(['b'])
    expect(pieces).toBe(3)
  })

  test('gives nothing to a push', async () => {
    expect(told(await commit(request('push', 'a', 30_000)))).toEqual(['full'])
    expect(pieces).toBe(5)
  })

  test('refuses pushes that would fit while the reserve is not whole', async () => {
    whole = false
    expect(told(await commit(request('push', 'a'), request('delete', 'b')))).toEqual(['full', 'done'])
    expect(told(await commit(request('push', 'a')))).toEqual(['full'])
    whole = true
    expect(told(await commit(request('push', 'a')))).toEqual(['done'])
    expect(kept()).toEqual(['a', 'b'])
    expect(pieces).toBe(5)
  })

  test('refuses what does not fit when the reserve is used up, and keeps nothing of it', async () => {
    expect(told(await commit(request('delete', 'a', 900_000)))).toEqual(['full'])
    expect([kept(), pieces]).toEqual([[], 0])
  })
})
