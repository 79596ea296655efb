import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createManualClock, systemIds } from '../../lib/index.ts'
import { administer, testPostgres } from '../for-each-database.testing.ts'
import { inlineWriter, openPostgresDatabase, openSqliteDatabase, transactionTable, type Database, type Statement } from '../index.ts'
import { openSqlite } from '../sqlite/connection.ts'
import { txOn } from '../sqlite/merged-commit.ts'
import { queryOf } from '../postgres/client.ts'
import { migrations, postgresTypes, sqliteTypes } from './index.ts'
import { migrate, type MigratingConnection } from './migrate.ts'

// A start for each statement.
setDefaultTimeout(60_000)

const clock = createManualClock(1_700_000_000_000)
const statementOf = <Row>(text: string): Statement<Row> => ({ name: text, sqlite: text, postgres: text })
const versions = statementOf<{ version: number }>('select version from schema_version order by version')
const blobs = statementOf<{ digest: string }>('select digest from blob')
const holds = statementOf<{ name: string }>('select name from collection_hold')
const keptBlob = `insert into blob (domain_id, digest, size) values (1, 'sha256:kept', 4)`
const installation = '6f1f7c2e-0000-4000-8000-000000000000'
const fresh = { id: installation, secret: 'f'.repeat(64) }
const known = migrations.map(({ version }) => version)

/** What a database of each earlier version must be after a start: the newest schema, with all that was in it. */
async function expectMigrated(database: Database): Promise<void> {
  expect(database.installation).toBe(installation)
  expect((await database.all(versions)).map(({ version }) => version)).toEqual(known)
  expect(await database.all(blobs)).toEqual([{ digest: 'sha256:kept' }])
  expect(await database.all(holds)).toEqual([])
}

/** Breaks off before the n-th statement, as a kill would: what was begun is never committed. */
function brokenOff(connection: MigratingConnection, before: number): MigratingConnection {
  let count = 0
  const passing = <Call extends (...args: never[]) => Promise<unknown>>(call: Call) =>
    (async (...args: Parameters<Call>) => {
      if (++count === before) throw new BrokenOff()
      return await call(...args)
    }) as Call
  return { now: connection.now, one: passing(connection.one), run: passing(connection.run), execute: passing(connection.execute) }
}

class BrokenOff extends Error {}

/** Statements of a migration from one version on; more than this are never reached. */
const manyStatements = 300

test('versions are numbered without a gap', () => expect(known).toEqual(known.map((_, index) => index + 1)))

describe.each(known)('a database of schema version %p', (version) => {
  const steps = migrations.filter((step) => step.version <= version)

  describe('on SQLite', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'berth-migrate-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    test('is brought to the newest by a start, after one was broken off at any statement, and keeps what is in it', async () => {
      const path = join(folder, 'berth.db')
      const old = openSqlite(path, 'write')
      old.execute('begin immediate')
      const connection = { ...txOn(old, 'migration', clock.now()), execute: async (sql: string) => old.execute(sql) }
      await migrate(connection, sqliteTypes, fresh, steps)
      old.execute(keptBlob)
      old.execute('commit')
      old.close()
      for (let n = 1; n < manyStatements; n++) {
        const killed = openSqlite(path, 'write')
        killed.execute('begin immediate')
        const whole = { ...txOn(killed, 'migration', clock.now()), execute: async (sql: string) => killed.execute(sql) }
        const ended = await migrate(brokenOff(whole, n), sqliteTypes, fresh).catch((error: unknown) => error)
        killed.close()
        if (!(ended instanceof BrokenOff)) break
        expect(n).toBeLessThan(manyStatements - 1)
      }
      const startWriter = () => inlineWriter(transactionTable([]))
      const common = { clock, ids: systemIds, startWriter, onFatal: (error: Error) => expect(error).toBeUndefined() }
      const database = await openSqliteDatabase({ ...common, path, mustExist: true, installation })
      await expectMigrated(database)
      await database.close()
    })
  })

  const server = testPostgres()
  const why = server === undefined ? ' (skipped: BERTH_TEST_POSTGRES is not set)' : ''
  test.skipIf(server === undefined)(`on PostgreSQL is brought to the newest by a start, after one was broken off at any statement, and keeps what is in it${why}`, async () => {
    const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
    await administer(server as string, `create database ${name}`)
    const url = new URL(server as string)
    url.pathname = `/${name}`
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    const connection: MigratingConnection = {
      now: clock.now(),
      one: async (statement, ...values) => (await client.query(queryOf(statement, values))).rows[0] as never,
      run: async (statement, ...values) => (await client.query(queryOf(statement, values))).rowCount ?? 0,
      execute: async (sql) => void (await client.query(sql)),
    }
    await migrate(connection, postgresTypes, fresh, steps)
    await client.query(keptBlob)
    for (let n = 1; n < manyStatements; n++) {
      await client.query('begin')
      const ended = await migrate(brokenOff(connection, n), postgresTypes, fresh).catch((error: unknown) => error)
      await client.query('rollback')
      if (!(ended instanceof BrokenOff)) break
      expect(n).toBeLessThan(manyStatements - 1)
    }
    await client.end()
    const onIdleError = (): void => undefined
    const database = await openPostgresDatabase({ url: url.href, mustExist: true, clock, ids: systemIds, onIdleError })
    try {
      await expectMigrated(database)
    } finally {
      await database.close()
      await administer(server as string, `drop database ${name} with (force)`)
    }
  })
})
