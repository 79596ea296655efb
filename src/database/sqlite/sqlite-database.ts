import { existsSync, statSync } from 'node:fs'
import type { Clock, Ids } from '../../lib/index.ts'
import type { Database } from '../database.ts'
import { DatabaseError } from '../database.ts'
import { migrate } from '../migrations/migrate.ts'
import { sqliteTypes } from '../migrations/index.ts'
import type { Outcome } from '../transaction.ts'
import { openSqlite } from './connection.ts'
import { createDataVersion } from './data-version.ts'
import { txOn } from './merged-commit.ts'
import { WriterClient, type WriterThread } from './writer-client.ts'

export interface SqliteOptions {
  /** The database file. Its folder exists. */
  readonly path: string
  /** Whether a database must be there already: true where data exists that only a database can explain. */
  readonly mustExist: boolean
  /** Starts the thread that writes, once the file is known to be good. */
  readonly startWriter: () => WriterThread
  readonly clock: Clock
  readonly ids: Ids
  /** Called once when the state of the file is no longer known; the process is to end. */
  readonly onFatal: (error: DatabaseError) => void
}

/** Opens, checks and migrates the file, then leaves all writing to the writer thread. */
export async function openSqliteDatabase(options: SqliteOptions): Promise<Database> {
  checkFile(options.path, options.mustExist)
  const installation = await prepareSchema(options)
  const writer = new WriterClient(options.startWriter(), options.onFatal)
  await writer.open(options.path)
  const reader = openSqlite(options.path, 'read')
  const version = createDataVersion(reader)
  return Object.freeze<Database>({
    dialect: 'sqlite',
    installation,
    version: version.now,
    transact: async (transaction, input, operationId) => {
      const outcome = await writer.write({
        name: transaction.name,
        input,
        operationId: operationId ?? options.ids.uuid(),
        again: operationId !== undefined,
        now: options.clock.now(),
      })
      version.endTurn()
      return outcome as Outcome<never>
    },
    one: async (statement, ...values) => reader.one(statement, values),
    all: async (statement, ...values) => reader.all(statement, values),
    close: async () => {
      await writer.close()
      reader.close()
    },
  })
}

/**
 * SQLite takes an empty or missing file for a new database. Where data exists that would turn "lost" into "empty", so both
 * are refused. (A file that was cut off or overwritten SQLite refuses by itself.)
 */
function checkFile(path: string, mustExist: boolean): void {
  const size = existsSync(path) ? statSync(path).size : undefined
  if (mustExist && (size === undefined || size === 0)) {
    throw new DatabaseError('corrupt', `the database ${path} is ${size === 0 ? 'empty' : 'missing'}, but its data directory holds data: restore it from a backup; nothing was changed`)
  }
}

async function prepareSchema({ path, clock, ids }: SqliteOptions): Promise<string> {
  const connection = openSqlite(path, 'write')
  try {
    connection.execute('begin immediate')
    const tx = txOn(connection, 'migration', clock.now())
    const installation = await migrate({ ...tx, execute: async (sql) => connection.execute(sql) }, sqliteTypes, ids.uuid())
    connection.execute('commit')
    return installation
  } finally {
    connection.close()
  }
}
