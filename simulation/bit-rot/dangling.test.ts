import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../rig/client.ts'
import { startServer } from '../rig/server-process.ts'
import { runFsck } from './fsck-process.ts'
import { createSpecimen, pushSpecimen } from './shelf.ts'

let data: string

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'berth-dangling-'))
  const server = await startServer({ data })
  try {
    await pushSpecimen(createClient(server.url), 'team/app', createSpecimen(1, undefined))
    await server.stop()
  } finally {
    await server.kill()
  }
})
afterEach(() => rmSync(data, { recursive: true }))

/** Nothing holds foreign keys here, as after a tool that knows nothing of them. */
function withDatabase<T>(work: (database: Database) => T): T {
  const database = new Database(join(data, 'berth.db'))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

test.each([
  ['blob-object-unknown', 'delete from object'],
  ['content-without-blob', 'delete from blob where object_id is null'],
  ['link-dangling', 'delete from blob'],
  ['link-dangling', 'delete from repository'],
  ['manifest-dangling', 'delete from repository'],
  ['manifest-without-bytes', 'delete from content'],
  ['reference-dangling', 'delete from manifest'],
  ['tag-dangling', 'delete from manifest'],
  ['tag-dangling', 'delete from repository'],
  ['upload-dangling', 'delete from repository'],
  ['file-unknown', 'delete from object'],
])('%s after %s', async (code, sql) => {
  withDatabase((database) => database.run(sql))
  const { exitCode, findings } = await runFsck(data)
  expect(exitCode).toBe(1)
  expect(findings.map((found) => found.code)).toContain(code)
}, 180_000)

test('an index of the database file that lost its entries', async () => {
  const { root, size } = withDatabase((database) => ({
    root: database.query<{ rootpage: number }, []>(`select rootpage from sqlite_schema where name = 'tag_event_by_name'`).get()?.rootpage ?? 0,
    size: database.query<{ page_size: number }, []>('pragma page_size').get()?.page_size ?? 0,
  }))
  const path = join(data, 'berth.db')
  const file = readFileSync(path)
  // A leaf page of an index without cells; its content area begins at the end of the page.
  const empty = Buffer.from([10, 0, 0, 0, 0, size >> 8, size & 255, 0])
  file.fill(0, (root - 1) * size, root * size)
  empty.copy(file, (root - 1) * size)
  writeFileSync(path, file)
  const { exitCode, findings } = await runFsck(data)
  expect([exitCode, [...new Set(findings.map((found) => found.code))]]).toEqual([1, ['database-corrupt']])
}, 180_000)
