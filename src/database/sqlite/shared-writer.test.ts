import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds } from '../../lib/index.ts'
import type { Database, DatabaseError } from '../database.ts'
import { statement } from '../statement.ts'
import { transaction, transactionTable, type Tx } from '../transaction.ts'
import { beginCommit, createCommitCount, endCommit } from './commit-count.ts'
import { openSqlite } from './connection.ts'
import { createDataVersion } from './data-version.ts'
import { inlineWriter } from './inline-writer.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { joinWriter, writerAt } from './writer-port.ts'

const insert = statement('insert into meta (name, value) values ($1, $2)')
const valueOf = statement<{ value: string }>('select value from meta where name = $1')
const put = transaction('put', async (tx: Tx, { name, value }: { name: string; value: string }) => {
  await tx.run(insert, name, value)
  return { ok: value }
})
const endAll = statement('rollback')
/** Ends the transaction of everyone in the same commit, as SQLite does when a disk fails. */
const spoil = transaction('spoil', async (tx: Tx) => {
  await tx.run(endAll)
  return { ok: null }
})

let folder: string
let fatal: DatabaseError[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-shared-'))
  fatal = []
})
afterEach(() => rmSync(folder, { recursive: true }))

/** One writer, and databases that share it as threads do. The first has started it. */
async function openShared(count: number): Promise<[Database, ...Database[]]> {
  const onFatal = (error: DatabaseError): void => void fatal.push(error)
  const common = { path: join(folder, 'berth.db'), commits: createCommitCount(), clock: systemClock, ids: systemIds, onFatal }
  const writer = inlineWriter(transactionTable([put, spoil]))
  const first = await openSqliteDatabase({ ...common, mustExist: false, startWriter: () => writer })
  const others: Database[] = []
  while (others.length < count - 1) {
    const startWriter = () => writerAt(joinWriter(writer))
    others.push(await openSqliteDatabase({ ...common, mustExist: true, beside: true, startWriter }))
  }
  return [first, ...others]
}

test('what one thread writes the others see at once, and each is answered in its order', async () => {
  const [first, ...others] = await openShared(4)
  const ended: string[][] = others.map(() => [])
  const write = async (thread: number, n: number): Promise<void> => {
    const name = `${thread}-${n}`
    const [own, other] = [others[thread], others[(thread + 1) % others.length]]
    const before = other?.version?.()
    expect(await own?.transact(put, { name, value: 'x' })).toEqual({ ok: 'x' })
    ended[thread]?.push(name)
    expect(other?.version?.()).not.toBe(before)
    expect(await other?.one(valueOf, name)).toEqual({ value: 'x' })
  }
  const names = Array.from({ length: 50 }, (_, n) => n)
  await Promise.all(others.flatMap((_, thread) => names.map((n) => write(thread, n))))
  expect(ended).toEqual(others.map((_, thread) => names.map((n) => `${thread}-${n}`)))
  for (const database of others) await database.close()
  expect(await first.transact(put, { name: 'last', value: 'y' })).toEqual({ ok: 'y' })
  await first.close()
  expect(fatal).toEqual([])
})

test('what was written and not answered yet is answered before a thread leaves', async () => {
  const [first, second] = await openShared(2)
  const written = Array.from({ length: 20 }, (_, n) => second?.transact(put, { name: `n${n}`, value: 'x' }))
  await second?.close()
  expect(await Promise.all(written)).toHaveLength(20)
  await first.close()
})

test('a database that can no longer be trusted is so for every thread, also for one that asked nothing', async () => {
  const [first, second, third] = await openShared(3)
  await expect(second?.transact(spoil, undefined as never)).rejects.toMatchObject({ code: 'failed' })
  while (fatal.length < 3) await new Promise((resolve) => setImmediate(resolve))
  await expect(third?.transact(put, { name: 'late', value: 'x' })).rejects.toMatchObject({ code: 'failed' })
  expect(await first.one(valueOf, 'late')).toBeUndefined()
  for (const database of [second, third, first]) await database?.close()
})

test.each([true, false])('a commit of another thread is seen in the same turn when it is counted: %p', (counted) => {
  const path = join(folder, 'x.db')
  const writer = openSqlite(path, 'write')
  writer.execute('create table t (n integer)')
  const reader = openSqlite(path, 'read')
  const commits = counted ? createCommitCount() : undefined
  const version = createDataVersion(reader, commits)
  const commit = (): void => writer.execute('insert into t values (1)')
  const seen = [version.now(), version.now()]
  if (commits !== undefined) beginCommit(commits)
  seen.push(version.now())
  commit()
  // Visible, and nobody was told yet.
  seen.push(version.now())
  if (commits !== undefined) endCommit(commits)
  seen.push(version.now())
  const [a = 0, , , , b = 0] = seen
  expect(seen).toEqual(counted ? [a, a, a, b, b] : [a, a, a, a, a])
  expect(a === b).toBe(!counted)
  for (const each of [reader, writer]) each.close()
})
