import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from './connection.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-sqlite-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a new database can be read by nobody else, nor its log, whatever the folder lets pass', () => {
  chmodSync(folder, 0o755)
  const connection = openSqlite(join(folder, 'x.db'), 'write')
  connection.execute('create table t (a)')
  const modes = readdirSync(folder).sort().map((name) => [name, statSync(join(folder, name)).mode & 0o777])
  expect(modes).toEqual([['x.db', 0o600], ['x.db-shm', 0o600], ['x.db-wal', 0o600]])
  connection.close()
})
