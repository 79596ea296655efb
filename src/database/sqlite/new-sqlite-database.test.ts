import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds } from '../../lib/index.ts'
import type { Tx } from '../transaction.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'
import { makeSqliteDatabase, openSqliteReader } from './index.ts'

const installation = '00000000-0000-4000-8000-000000000000'
let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-new-'))
  path = join(folder, 'berth.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const make = (work: (tx: Tx) => Promise<void>) =>
  makeSqliteDatabase({ path, installation: () => Promise.resolve(installation), clock: systemClock, ids: systemIds }, work)

test('a new database has its name once all of it is in its file', async () => {
  await make(() => Promise.resolve())
  expect(readdirSync(folder)).toEqual(['berth.db'])
  const reader = await openSqliteReader({ path, installation })
  expect(reader.installation).toBe(installation)
  await reader.close()
})

test('one whose log could not be copied into its file is not used', async () => {
  let reader: SqliteConnection | undefined
  const made = make(async () => {
    // A reader of the state before keeps the log from being copied, as a disk that fails does.
    reader = openSqlite(`${path}.new`, 'read')
    reader.execute('begin')
    reader.all({ name: 'look', sqlite: 'select * from sqlite_master', postgres: '' }, [])
    await Promise.resolve()
  })
  await expect(made).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('the log of the new database') })
  reader?.close()
  expect(readdirSync(folder)).toEqual([])
  await make(() => Promise.resolve())
})
