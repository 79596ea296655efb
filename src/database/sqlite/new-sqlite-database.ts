import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Ids } from '../../lib/index.ts'
import { DatabaseError } from '../database.ts'
import { newInstallation } from '../installation.ts'
import { migrate } from '../migrations/migrate.ts'
import { sqliteTypes } from '../migrations/index.ts'
import { statement } from '../statement.ts'
import type { Tx } from '../transaction.ts'
import { openSqlite } from './connection.ts'
import { txOn } from './merged-commit.ts'

export interface NewSqliteOptions {
  /** Where the database belongs. Nothing may be there. */
  readonly path: string
  /** Its id, asked for once it is known that there is no database. */
  readonly installation: () => Promise<string>
  readonly clock: Clock
  readonly ids: Ids
}

/** Frames in the log, and how many of them are in the file now. */
const copyLog = statement<{ log: number; checkpointed: number }>({ sqlite: 'pragma wal_checkpoint(passive)', postgres: 'select 1' })

const parts = ['', '-wal', '-shm', '-journal']

/**
 * Makes a database with what `work` writes, under another name first: it has its own name once it is whole and durable. Fails
 * with `occupied` when there is a database, or a part of one, already; what a killed attempt left is replaced.
 */
export async function makeSqliteDatabase<T>(options: NewSqliteOptions, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { path, installation, clock, ids } = options
  const present = parts.map((part) => path + part).filter((file) => existsSync(file) && statSync(file).size > 0)
  if (present.length > 0) {
    throw new DatabaseError('occupied', `there is a database already (${present.join(', ')}): nothing was changed`)
  }
  const id = await installation()
  const unfinished = `${path}.new`
  const remove = (file: string): void => {
    for (const part of parts) rmSync(file + part, { force: true })
  }
  remove(unfinished)
  const connection = openSqlite(unfinished, 'write')
  let result: T
  try {
    connection.execute('begin immediate')
    const tx = txOn(connection, ids.uuid(), clock.now())
    await migrate({ ...tx, execute: async (sql) => connection.execute(sql) }, sqliteTypes, { ...newInstallation(ids), id })
    result = await work(tx)
    connection.execute('commit')
    // Closing would do it too, and not tell that it failed: the file alone gets its name, without the log.
    const copied = connection.one(copyLog, [])
    if (copied === undefined || copied.checkpointed < copied.log) throw new DatabaseError('failed', 'the log of the new database could not be copied into it')
    connection.close()
  } catch (error) {
    if (connection.inTransaction) connection.execute('rollback')
    connection.close()
    remove(unfinished)
    throw error
  }
  // An empty one may be there; SQLite would take a log beside it for the new database's.
  remove(path)
  syncPath(unfinished)
  renameSync(unfinished, path)
  syncPath(dirname(path))
  return result
}

function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
