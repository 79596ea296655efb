import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseError } from '../database.ts'
import { statement } from '../statement.ts'
import { transaction, transactionTable, type Tx } from '../transaction.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { commitMerged, type WriteRequest } from './merged-commit.ts'

const insert = statement('insert into t (n) values ($1)')
const put = transaction('put', async (tx: Tx, input: { n: number }) => {
  await tx.run(insert, input.n)
  return { ok: input.n }
})
const table = transactionTable([put])
const request = (n: number): WriteRequest => ({ name: 'put', input: { n }, operationId: `o${n}`, again: false, now: 0 })
const numbers = statement<{ n: number }>('select n from t order by n')

describe('a merged commit', () => {
  let folder: string
  let connection: SqliteConnection
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-merged-'))
    connection = openSqlite(join(folder, 'x.db'), 'write')
    connection.execute('create table t (n integer unique)')
  })
  afterEach(() => {
    connection.close()
    rmSync(folder, { recursive: true })
  })
  const kept = () => connection.all(numbers, []).map(({ n }) => n)

  /** Fails the given SQL once, as SQLite does: with or without rolling back the outer transaction by itself. */
  function failing(sql: string | number, code: DatabaseError['code'], rollsBack: boolean): SqliteConnection {
    let calls = 0
    const fail = (): never => {
      if (rollsBack) connection.execute('rollback')
      throw new DatabaseError(code, 'planned')
    }
    return {
      one: (...args) => connection.one(...args),
      all: (...args) => connection.all(...args),
      run: (...args) => (++calls === sql ? fail() : connection.run(...args)),
      execute: (text) => (text === sql ? fail() : connection.execute(text)),
      get inTransaction() {
        return connection.inTransaction
      },
      close: () => undefined,
    }
  }

  test('one that fails in the middle is undone alone while the outer transaction stands', async () => {
    const replies = await commitMerged(connection, table, [request(1), request(1), request(2)])
    expect(replies.map((reply) => 'outcome' in reply)).toEqual([true, false, true])
    expect(kept()).toEqual([1, 2])
  })

  test('when SQLite gives up the whole transaction in the middle, nobody is acknowledged', async () => {
    const replies = await commitMerged(failing(2, 'full', true), table, [request(1), request(2), request(3)])
    expect(replies).toEqual(Array(3).fill({ error: { code: 'full', message: 'planned', fatal: false } }))
    expect(kept()).toEqual([])
    expect((await commitMerged(connection, table, [request(1)]))[0]).toEqual({ outcome: { ok: 1 } })
  })

  test('a full disk at COMMIT is everyone`s, and later commits succeed', async () => {
    const replies = await commitMerged(failing('commit', 'full', true), table, [request(1), request(2)])
    expect(replies).toEqual(Array(2).fill({ error: { code: 'full', message: 'planned', fatal: false } }))
    expect(kept()).toEqual([])
    await commitMerged(connection, table, [request(1), request(2)])
    expect(kept()).toEqual([1, 2])
  })

  test('a COMMIT that fails for another reason ends the process', async () => {
    const replies = await commitMerged(failing('commit', 'failed', false), table, [request(1)])
    expect(replies).toEqual([{ error: { code: 'failed', message: 'planned', fatal: true } }])
    expect(connection.inTransaction).toBe(false)
  })
})
