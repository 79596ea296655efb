import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { versionKey } from '../../lib/index.ts'
import { openSqlite } from '../sqlite/connection.ts'
import { txOn } from '../sqlite/merged-commit.ts'
import { migrations, sqliteTypes } from './index.ts'
import { migrate } from './migrate.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-migrate-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const blob = (id: number, digest: string, size: number) => `insert into blob (id, domain_id, digest, size) values (${id}, 1, '${digest}', ${size})`
const link = (id: number) => `insert into link (repository_id, blob_id, lease_until) values (1, ${id}, 0)`
const manifest = (id: number, digest: string) => `
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at)
  values (1, '${digest}', ${id}, '${digest}', 'm', '{}', 0)`
const reference = (parent: string, child: string, kind: string) => `
  insert into reference (repository_id, manifest_digest, child_digest, kind) values (1, '${parent}', '${child}', '${kind}')`
const event = (name: string, at: number) => `insert into tag_event (repository_id, name, at, to_digest) values (1, '${name}', ${at}, 'image')`

const rows = [
  `insert into namespace (id, domain_id, name, created_at) values (1, 1, 'team', 0)`,
  `insert into repository (id, namespace_id, path, created_at) values (1, 1, 'team/app', 0)`,
  blob(1, 'layer', 1000), blob(2, 'config', 100), blob(3, 'elsewhere', 5000), blob(4, 'image', 10), blob(5, 'index', 1),
  link(1), link(2), manifest(4, 'image'), manifest(5, 'index'),
  reference('image', 'layer', 'layer'), reference('image', 'config', 'config'), reference('image', 'config', 'layer'),
  reference('image', 'elsewhere', 'layer'), reference('index', 'image', 'child'),
  event('v1', 5), event('v2', 9), event('v1', 3), event('v1', 7),
  `insert into tag (repository_id, name, digest, created_at, updated_at) values (1, 'list', 'index', 0, 0)`,
]
/** More than one page of them. */
const names = Array.from({ length: 2100 }, (_, n) => `v1.${n}`)

test('tags that are there get what they are listed by, and a history in the order of time', async () => {
  const old = openSqlite(join(folder, 'berth.db'), 'write')
  // One commit: each waits for the disk.
  old.execute('begin immediate')
  const connection = { ...txOn(old, 'migration', 0), execute: async (sql: string) => old.execute(sql) }
  const fresh = { id: '6f1f7c2e-0000-4000-8000-000000000000', secret: 'f'.repeat(64) }
  await migrate(connection, sqliteTypes, fresh, migrations.filter(({ version }) => version < 11))
  for (const sql of rows) old.execute(sql)
  for (const name of names) old.execute(`insert into tag (repository_id, name, digest, created_at, updated_at) values (1, '${name}', 'image', 0, 0)`)
  await migrate(connection, sqliteTypes, fresh, migrations.filter(({ version }) => version <= 11))
  old.execute('commit')
  const all = <Row>(sql: string) => old.all<Row>({ name: sql, sqlite: sql, postgres: sql }, [])
  const tags = all<{ name: string; size: number; version_key: string }>('select name, size, version_key from tag')
  expect(tags.length).toBe(names.length + 1)
  expect(new Set(tags.map(({ name, size }) => (name === 'list' ? name : size)))).toEqual(new Set([1110, 'list']))
  expect(tags.find(({ name }) => name === 'list')?.size).toBe(1111)
  for (const { name, version_key } of tags) expect(version_key).toBe(versionKey(name))
  expect(all<{ name: string; at: number }>('select name, at from tag_event order by id').map(({ name, at }) => [name, at])).toEqual([['v1', 5], ['v2', 9], ['v1', 5], ['v1', 7]])
  old.close()
})
