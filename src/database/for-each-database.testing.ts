import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'bun:test'
import pg from 'pg'
import { systemIds, type Clock } from '../lib/index.ts'
import type { Database } from './database.ts'
import { openPostgresDatabase } from './postgres/index.ts'
import { copyTemplate } from './postgres-template.testing.ts'
import { inlineWriter, openSqliteDatabase } from './sqlite/index.ts'
import type { TransactionTable } from './transaction.ts'

/** Makes empty databases of one kind for tests. */
export interface DatabaseKind {
  readonly dialect: 'sqlite' | 'postgres'
  /** A database of its own, whose time is the clock's. `dispose` closes and removes it. */
  create(table: TransactionTable, clock: Clock): Promise<TestDatabase>
}

export interface TestDatabase {
  readonly database: Database
  dispose(): Promise<void>
}

/** In memory where the machine has a place for that: no test on it is about syncing. */
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const sqlite: DatabaseKind = {
  dialect: 'sqlite',
  create: async (table, clock) => {
    const folder = mkdtempSync(join(place, 'berth-sqlite-'))
    const database = await openSqliteDatabase({
      path: join(folder, 'berth.db'),
      mustExist: false,
      startWriter: () => inlineWriter(table),
      clock,
      ids: systemIds,
      onFatal: (error) => {
        throw error
      },
    })
    const dispose = async (): Promise<void> => {
      await database.close()
      rmSync(folder, { recursive: true })
    }
    return { database, dispose }
  },
}

function postgres(server: string): DatabaseKind {
  return {
    dialect: 'postgres',
    create: async (_table, clock) => {
      const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
      await copyTemplate(server, name)
      const url = new URL(server)
      url.pathname = `/${name}`
      let disposing = false
      const database = await openPostgresDatabase({
        url: url.href,
        mustExist: false,
        clock,
        ids: systemIds,
        // Dropping the database can overtake the end of a closed connection.
        onIdleError: (error) => {
          if (!disposing) throw error
        },
        now: () => clock.now(),
      })
      const dispose = async (): Promise<void> => {
        disposing = true
        await database.close()
        await administer(server, `drop database ${name} with (force)`)
      }
      return { database, dispose }
    },
  }
}

export async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The PostgreSQL that the test run started; absent when tests are run by hand without one. */
export function testPostgres(): string | undefined {
  return process.env['BERTH_TEST_POSTGRES']
}

/** Every test that touches a database runs on both. Without a PostgreSQL the half that needs it is shown as skipped. */
export function forEachDatabase(name: string, suite: (kind: DatabaseKind) => void): void {
  describe(`${name} on SQLite`, () => suite(sqlite))
  const server = testPostgres()
  if (server === undefined) describe.skip(`${name} on PostgreSQL (BERTH_TEST_POSTGRES is not set: run npm test)`, () => suite(sqlite))
  else describe(`${name} on PostgreSQL`, () => suite(postgres(server)))
}
