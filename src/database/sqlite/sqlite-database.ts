import { existsSync, statSync } from 'node:fs'
import type { Clock, Ids } from '../../lib/index.ts'
import type { Database, DatabaseReader } from '../database.ts'
import { DatabaseError } from '../database.ts'
import { belongsElsewhere, newInstallation, readInstallation, type Installation } from '../installation.ts'
import { statement } from '../statement.ts'
import { checkSchema, migrate } from '../migrations/migrate.ts'
import { sqliteTypes } from '../migrations/index.ts'
import type { Outcome } from '../transaction.ts'
import { openSqlite } from './connection.ts'
import { createDataVersion } from './data-version.ts'
import { txOn } from './merged-commit.ts'
import { createMoments } from './moments.ts'
import { WriterClient, type WriterThread } from './writer-client.ts'

export interface SqliteOptions {
  /** The database file. Its folder exists. */
  readonly path: string
  /** Whether a database must be there already: true where data exists that only a database can explain. */
  readonly mustExist: boolean
  /** The installation it must be of; absent where there is none yet. */
  readonly installation?: string | undefined
  /** Whether a server may be at work on it: its schema is taken as it is, or refused. */
  readonly beside?: true
  /** Starts the thread that writes, once the file is known to be good. */
  readonly startWriter: () => WriterThread
  readonly clock: Clock
  readonly ids: Ids
  /** Where the commits are counted for all threads that use the file; absent where this one alone does. */
  readonly commits?: Int32Array | undefined
  /** Called once when the state of the file is no longer known; the process is to end. */
  readonly onFatal: (error: DatabaseError) => void
}

/** Opens, checks and migrates the file, then leaves all writing to the writer thread. */
export async function openSqliteDatabase(options: SqliteOptions): Promise<Database> {
  checkFile(options)
  const { id: installation, secret } = options.beside === true ? await lookAtSchema(options.path) : await prepareSchema(options)
  const writer = new WriterClient(options.startWriter(), options.onFatal)
  await writer.open(options.path, options.commits)
  const reader = openSqlite(options.path, 'read')
  const version = createDataVersion(reader, options.commits)
  const moments = createMoments(options.path)
  return Object.freeze<Database>({
    dialect: 'sqlite',
    installation,
    secret,
    version: version.now,
    now: async () => options.clock.now(),
    shared: options.commits !== undefined,
    transact: async (transaction, input, operationId) => {
      const outcome = await writer.write({
        name: transaction.name,
        input,
        operationId: operationId ?? options.ids.ordered(),
        again: operationId !== undefined,
        now: options.clock.now(),
      })
      version.endTurn()
      return outcome as Outcome<never>
    },
    one: async (statement, ...values) => reader.one(statement, values),
    all: async (statement, ...values) => reader.all(statement, values),
    snapshot: (work) => moments.read(work),
    // The writer last: the last connection that may write empties the log into the file, so that the file alone is whole.
    close: async () => {
      await moments.close()
      reader.close()
      await writer.close()
    },
  })
}

/** Opens the file to look at it, also while a server writes to it. It is one that belongs to `installation`. */
export async function openSqliteReader(options: Pick<SqliteOptions, 'path' | 'installation'>): Promise<DatabaseReader> {
  checkFile({ ...options, mustExist: true })
  const reader = openSqlite(options.path, 'read')
  try {
    return Object.freeze<DatabaseReader>({
      dialect: 'sqlite',
      installation: (await checkSchema({ one: async (statement, ...values) => reader.one(statement, values) })).id,
      one: async (statement, ...values) => reader.one(statement, values),
      all: async (statement, ...values) => reader.all(statement, values),
      close: async () => reader.close(),
    })
  } catch (error) {
    reader.close()
    throw error
  }
}

/**
 * SQLite takes a missing file, and one of no byte or a single one, for a new database. Where data exists that would turn
 * "lost" into "empty", so there must be a database that names its installation. A file that was cut off or overwritten SQLite
 * refuses by itself; but a connection that may write would, as it closes, copy the log into whatever is there and delete it,
 * so the first look is by one that may only read.
 */
function checkFile({ path, mustExist, installation }: Pick<SqliteOptions, 'path' | 'mustExist' | 'installation'>): void {
  const file = existsSync(path) ? statSync(path) : undefined
  if (file?.isFile() === false) throw unusable(path, 'is not a file')
  if (file === undefined || file.size === 0) {
    if (!mustExist) return
    throw new DatabaseError('lost', `the database ${path} is ${file === undefined ? 'missing' : 'empty'}, but its data directory holds data`)
  }
  const connection = openSqlite(path, 'read')
  try {
    const hasSchema = connection.one(schemaPresent, []) !== undefined
    const found = hasSchema ? connection.one(readInstallation, [])?.value : undefined
    if (found === undefined && mustExist) throw unusable(path, 'is not that of its data directory: it names no installation')
    if (found !== installation && found !== undefined && installation !== undefined) throw belongsElsewhere(path, installation, found)
  } finally {
    connection.close()
  }
}

function unusable(path: string, what: string): DatabaseError {
  return new DatabaseError('corrupt', `the database ${path} ${what}: restore it from a backup; nothing was changed`)
}

const schemaPresent = statement<{ name: string }>(`select name from sqlite_schema where name = 'meta'`)

async function lookAtSchema(path: string): Promise<Installation> {
  const connection = openSqlite(path, 'read')
  try {
    return await checkSchema(txOn(connection, 'look', 0))
  } finally {
    connection.close()
  }
}

async function prepareSchema({ path, clock, ids }: SqliteOptions): Promise<Installation> {
  const connection = openSqlite(path, 'write')
  try {
    connection.execute('begin immediate')
    const tx = txOn(connection, 'migration', clock.now())
    const installation = await migrate({ ...tx, execute: async (sql) => connection.execute(sql) }, sqliteTypes, newInstallation(ids))
    connection.execute('commit')
    return installation
  } finally {
    connection.close()
  }
}
