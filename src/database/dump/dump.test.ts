import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database as Sqlite } from 'bun:sqlite'
import pg from 'pg'
import { administer, testPostgres } from '../for-each-database.testing.ts'
import { migrations, newestSchema, sqliteTypes } from '../migrations/index.ts'
import { dumpedTables, loadPostgres, loadSqlite, openPostgresSnapshot, openSqliteSnapshot, type Fill, type LoadOptions, type Snapshot } from '../index.ts'
import { undumpedTables } from './dumped-tables.ts'
import { generatedKeys } from './snapshot.ts'

const kept = '00000000-0000-4000-8000-000000000001'
const options: LoadOptions = { version: newestSchema, installation: kept, secret: 'f'.repeat(64), now: 5 }

/** Rows in every table, some of which belong to nobody else, and numbers given out whose rows are gone. */
const rows = [
  `insert into namespace (id, domain_id, name, created_at) values (3, 1, 'team', 1)`,
  `insert into repository (id, namespace_id, path, created_at) values (7, 3, 'team/app', 1), (8, 3, 'team/gone', 1)`,
  `delete from repository where id = 8`,
  `insert into object (id, store_id, key, state, stored_size, since) values
    ('a', 1, 'blobs/a', 'live', 10, 1), ('b', 1, null, 'writing', null, 1), ('c', 1, 'blobs/c', 'doomed', 4, 1)`,
  `insert into blob (id, domain_id, digest, size, object_id) values (1, 1, 'sha256:a', 10, 'a'), (2, 1, 'sha256:m', 4, null)`,
  `insert into content (blob_id, bytes) values (2, {bytes})`,
  `insert into link (repository_id, blob_id, lease_until) values (7, 1, 1)`,
  `insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at) values
    (7, 'sha256:m', 2, 'sha256:m', 'a/b', '{"a":"ü\\u0000 \\n"}', 9007199254740991)`,
  `insert into reference (repository_id, manifest_digest, child_digest, kind) values (7, 'sha256:m', 'sha256:a', 'layer')`,
  `insert into tag (repository_id, name, digest, created_at, updated_at) values (7, 'v1', 'sha256:m', 1, 2), (7, 'V2', 'sha256:m', 1, 2)`,
  `insert into tag_event (repository_id, name, at, to_digest) values (7, 'v1', 1, 'sha256:m')`,
  `insert into trash (kind, namespace_id, repository_id, path, tag, digest, cause, deleted_at, purge_at) values
    ('tag', 3, 7, 'team/app', 'v0', 'sha256:m', 'person', 1, 2)`,
  `insert into unnamed_manifest (repository_id, digest, since) values (7, 'sha256:m', 1)`,
  `insert into upload (id, repository_id, owner, epoch, received, object_id, state, started_at, expires_at) values
    ('u', 7, 'p', 1, 10, 'b', 'open', 1, 1)`,
  `insert into upload_part (upload_id, number, etag, size) values ('u', 1, 'e', 1)`,
  `insert into gc_queue (kind, key, due_at) values ('upload', 'u', 1), ('object', 'c', 2)`,
  `insert into event (operation_id, kind, at, keys, result) values ('o', 'k', 1, '{}', 'null')`,
  `insert into job (kind, payload_version, payload, due_at, most_attempts, created_at) values ('j', 1, '{}', 1, 1, 1)`,
  `insert into job_line (job_id, number, at, text) values (1, 1, 1, 'begun')`,
  `insert into schedule (name, kind, payload_version, payload, cron, time_zone, next_run_at, created_at) values ('s', 'j', 1, '{}', '* * * * *', 'UTC', 1, 1)`,
  `insert into inventory_cluster (name, seen_at, counts_until, digests, reported_at) values ('prod', 1, 2, 1, 1)`,
  `insert into inventory_digest (cluster_id, digest, seen_at, counts_until) values (1, 'sha256:m', 1, 2)`,
  `insert into collection_hold (name, until, reason) values ('rebuilt', null, 'r'), ('backup:1', 1, 'b')`,
]

interface Place {
  load(fill: Fill, with_?: LoadOptions): Promise<void>
  run(statements: readonly string[]): Promise<void>
  snapshot(): Promise<Snapshot>
  dispose(): Promise<void>
}

function sqlitePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'berth-dump-'))
  const path = join(folder, 'berth.db')
  return {
    load: (fill, given = options) => loadSqlite(path, given, fill),
    // eslint-disable-next-line @typescript-eslint/require-await
    run: async (statements) => {
      const database = new Sqlite(path)
      for (const sql of statements) database.run(sql.replace('{bytes}', `x'00ff0a22'`))
      database.close()
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    snapshot: async () => openSqliteSnapshot(path),
    // eslint-disable-next-line @typescript-eslint/require-await
    dispose: async () => rmSync(folder, { recursive: true }),
  }
}

async function postgresPlace(server: string): Promise<Place> {
  const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    load: (fill, given = options) => loadPostgres(url.href, given, fill),
    run: async (statements) => {
      const client = new pg.Client({ connectionString: url.href })
      await client.connect()
      for (const sql of statements) await client.query(sql.replace('{bytes}', `'\\x00ff0a22'`))
      for (const [table, column] of generatedKeys) {
        await client.query(`select setval('${table}_${column}_seq', coalesce((select max(${column}) from ${table}), 1))`)
      }
      await client.query(`select setval('repository_id_seq', 8)`)
      await client.end()
    },
    snapshot: () => openPostgresSnapshot(url.href),
    dispose: () => administer(server, `drop database ${name} with (force)`),
  }
}

const nothing: Fill = async (target) => {
  await target.write({ name: 'domain', key: ['id'] }, { columns: ['id', 'name'], batches: of([[1, 'default']]) })
  await target.write({ name: 'store', key: ['id'] }, { columns: ['id', 'name'], batches: of([[1, 'main']]) })
  await target.write({ name: 'meta', key: ['name'] }, { columns: ['name', 'value'], batches: of([['installation', 'x']]) })
}

async function* of<T>(...batches: T[][]) {
  yield* batches
}

async function everything(snapshot: Snapshot): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const table of dumpedTables) {
    const { columns, batches } = await snapshot.read(table)
    const all: unknown[] = []
    for await (const batch of batches) {
      for (const row of batch) all.push(row.map((value) => (value instanceof Uint8Array ? `bytes ${Buffer.from(value).toString('hex')}` : value)))
    }
    found[table.name] = { columns, all }
  }
  return { ...found, numbers: await snapshot.lastNumbers() }
}

test('every table of the schema is dumped or left out on purpose, and every generated key is known', () => {
  const database = new Sqlite(':memory:')
  for (const { statements } of migrations) for (const sql of statements(sqliteTypes)) database.run(sql)
  const made = database.query<{ name: string; sql: string }, []>(`select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite_%'`).all()
  const names = made.map(({ name }) => name)
  const known = [...dumpedTables.map(({ name }) => name), ...undumpedTables].filter((name) => name !== 'schema_version')
  expect(known.sort()).toEqual(names.sort())
  const generated = made.filter(({ sql }) => sql.includes('autoincrement')).map(({ name }) => name)
  expect(generatedKeys.map(([name]) => name as string).sort()).toEqual(generated.sort())
})

const server = testPostgres()
const engines = { SQLite: () => Promise.resolve(sqlitePlace()), PostgreSQL: () => postgresPlace(server as string) }
const pairs = (['SQLite', 'PostgreSQL'] as const).flatMap((from) => (['SQLite', 'PostgreSQL'] as const).map((to) => [from, to] as const))

describe.each(pairs)('rows carried from %s to %s', (from, to) => {
  const unset = server === undefined && (from !== 'SQLite' || to !== 'SQLite')
  const why = unset ? ' (skipped: BERTH_TEST_POSTGRES is not set)' : ''
  const places: Place[] = []
  let source: Place
  let target: Place
  beforeEach(async () => {
    if (unset) return
    source = await engines[from]()
    target = await engines[to]()
    places.push(source, target)
    await source.load(nothing)
    await source.run(rows)
  })
  afterEach(async () => {
    for (const place of places.splice(0)) await place.dispose()
  })
  const carry = (snapshot: Snapshot): Fill => async (load) => {
    for (const table of dumpedTables) await load.write(table, await snapshot.read(table))
    await load.setLastNumbers(await snapshot.lastNumbers())
    await load.markDamaged(['a'])
  }

  test.skipIf(unset)(`are the same, but for what is left out${why}`, async () => {
    const snapshot = await source.snapshot()
    const before = await everything(snapshot)
    await target.load(carry(snapshot), { ...options, installation: '00000000-0000-4000-8000-000000000002' })
    await snapshot.close()
    const copy = await target.snapshot()
    const text = JSON.stringify(before)
    expect(text).toContain('bytes 00ff0a22')
    for (const missing of ['writing', 'backup:1', '"upload"']) expect(text).not.toContain(missing)
    const expected = text.replace(kept, '00000000-0000-4000-8000-000000000002').replace('"live",1]', '"damaged",1]')
    expect(JSON.parse(JSON.stringify(await everything(copy)))).toEqual(JSON.parse(expected))
    await copy.close()
  })

  test.skipIf(unset)(`are those of one moment, whatever is written meanwhile${why}`, async () => {
    const snapshot = await source.snapshot()
    const before = JSON.stringify({ ...(await everything(snapshot)), numbers: undefined })
    await source.run([`insert into namespace (id, domain_id, name, created_at) values (4, 1, 'late', 1)`, 'delete from tag'])
    expect(JSON.stringify({ ...(await everything(snapshot)), numbers: undefined })).toBe(before)
    await snapshot.close()
  })

  test.skipIf(unset)(`leave nothing behind when they do not come to their end${why}`, async () => {
    const half: Fill = async (load) => {
      await load.setLastNumbers([])
      throw new Error('made up')
    }
    await expect(target.load(half)).rejects.toThrow('made up')
    await target.load(nothing)
  })
})
