import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { Database as SqliteDatabase, SQLiteError, type Statement as Prepared } from 'bun:sqlite'
import { DatabaseError } from '../database.ts'
import type { Statement, Value } from '../statement.ts'

/** A connection with its prepared statements. Synchronous: SQLite never waits for a network. */
export interface SqliteConnection {
  one<Row>(statement: Statement<Row>, values: readonly Value[]): Row | undefined
  all<Row>(statement: Statement<Row>, values: readonly Value[]): Row[]
  run(statement: Statement<unknown>, values: readonly Value[]): number
  execute(sql: string): void
  /** Whether a transaction stands: SQLite rolls the whole of it back by itself on FULL, IOERR and NOMEM. */
  readonly inTransaction: boolean
  close(): void
}

/** `lock`: a file that only serves to exclude others, without waiting for them. */
export type SqliteMode = 'write' | 'read' | 'lock'

export function openSqlite(path: string, mode: SqliteMode): SqliteConnection {
  return classified(path, () => {
    if (mode === 'write') makePrivate(path)
    const database = new SqliteDatabase(path, mode === 'read' ? { readonly: true } : { create: true, readwrite: true })
    configure(database, mode)
    return connectionOn(database, path)
  })
}

/**
 * Makes the file where there is none, for the user alone whom the server runs as: it holds the keys that tokens are signed with. SQLite gives
 * its log the same mode. A file that is there is not opened here: closing it would end the locks that SQLite has on it.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // It is there; what else is wrong, SQLite says when it opens it.
  }
}

/** `synchronous=FULL`: in WAL mode NORMAL may lose acknowledged commits when the power fails. */
function configure(database: SqliteDatabase, mode: SqliteMode): void {
  if (mode === 'lock') return
  database.run('pragma busy_timeout = 5000')
  database.run('pragma cache_size = -32768')
  if (mode === 'read') return
  // A rollback to a savepoint may need a temporary file, and there may be no folder for one: containers are often read-only.
  database.run('pragma temp_store = memory')
  const journal = database.query('pragma journal_mode = wal').get() as { journal_mode: string }
  database.run('pragma synchronous = full')
  // 32 MiB of log between checkpoints: a page that many commits touch is written back once instead of at every few of them.
  database.run('pragma wal_autocheckpoint = 8192')
  database.run('pragma foreign_keys = on')
  const { synchronous } = database.query('pragma synchronous').get() as { synchronous: number }
  if (journal.journal_mode !== 'wal' || synchronous !== 2) {
    throw new DatabaseError('failed', `the database can't be made durable here (journal ${journal.journal_mode}, synchronous ${synchronous})`)
  }
}

const transactionControl = /^(begin|commit|rollback|savepoint|release)\b/

function connectionOn(database: SqliteDatabase, path: string): SqliteConnection {
  const prepared = new Map<string, Prepared>()
  const prepare = (statement: Statement<unknown>): Prepared => {
    let found = prepared.get(statement.name)
    if (found === undefined) {
      found = database.prepare(statement.sqlite)
      prepared.set(statement.name, found)
    }
    return found
  }
  // Prepared once as well: a commit of many transactions runs each of them many times.
  const controls = new Map<string, Prepared>()
  const execute = (sql: string): void => {
    if (!transactionControl.test(sql)) return void database.run(sql)
    let control = controls.get(sql)
    if (control === undefined) {
      control = database.prepare(sql)
      controls.set(sql, control)
    }
    control.run()
  }
  const close = (): void => {
    for (const each of controls.values()) each.finalize()
    for (const each of prepared.values()) each.finalize()
    prepared.clear()
    database.close()
  }
  return {
    one: <Row>(statement: Statement<Row>, values: readonly Value[]) =>
      classified(path, () => (prepare(statement).get(...(values as Value[])) ?? undefined) as Row | undefined),
    all: <Row>(statement: Statement<Row>, values: readonly Value[]) =>
      classified(path, () => prepare(statement).all(...(values as Value[])) as Row[]),
    run: (statement, values) => classified(path, () => prepare(statement).run(...(values as Value[])).changes),
    execute: (sql) => classified(path, () => execute(sql)),
    get inTransaction() {
      return database.inTransaction
    },
    close,
  }
}

function classified<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw databaseError(error, path)
  }
}

/** SQLITE_IOERR_SHM*: the shared-memory file could not grow, which is a full disk under another name. */
const fullCodes = new Set(['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_SHMMAP'])

function databaseError(error: unknown, path: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  const code = error instanceof SQLiteError ? (error.code ?? '') : ''
  const message = error instanceof Error ? error.message : String(error)
  const full = fullCodes.has(code) || code.startsWith('SQLITE_READONLY') || (code === 'SQLITE_IOERR_WRITE' && takesNothing(path))
  if (full) return new DatabaseError('full', `the database can't grow: ${message}`, error)
  if (code.startsWith('SQLITE_BUSY')) return new DatabaseError('locked', `the database is in use by another program: ${message}`, error)
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return new DatabaseError('corrupt', `the database is damaged: ${message}`, error)
  return new DatabaseError('failed', `${code} ${message}`.trim(), error)
}

/**
 * To SQLite a quota that is used up (EDQUOT) and a file system that turned read-only (EROFS) are failures of the disk like any
 * other, and it keeps the cause to itself. A write of our own beside the file tells: what is refused there was not lost.
 */
function takesNothing(path: string): boolean {
  const probe = `${path}.probe`
  try {
    const file = openSync(probe, 'w', 0o600)
    try {
      return writeSync(file, new Uint8Array(64 * 1024), 0, 64 * 1024, 0) < 64 * 1024
    } finally {
      closeSync(file)
      unlinkSync(probe)
    }
  } catch (error) {
    return error instanceof Error && 'code' in error && ['EDQUOT', 'EROFS', 'ENOSPC'].includes(String(error.code))
  }
}
