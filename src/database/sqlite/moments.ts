import { createKeyedLock } from '../../lib/index.ts'
import type { Reads } from '../database.ts'
import { openSqlite, type SqliteConnection } from './connection.ts'

/** Reads that all see one moment, on a connection of their own. */
export interface Moments {
  /** Runs `work` inside one read transaction, after those asked for before. */
  read<T>(work: (moment: Reads) => Promise<T>): Promise<T>
  /** Waits for the one under way. */
  close(): Promise<void>
}

export function createMoments(path: string): Moments {
  const turns = createKeyedLock()
  let connection: SqliteConnection | undefined

  async function read<T>(work: (moment: Reads) => Promise<T>): Promise<T> {
    connection ??= openSqlite(path, 'read')
    const reader = connection
    reader.execute('begin')
    try {
      return await work({
        one: async (statement, ...values) => reader.one(statement, values),
        all: async (statement, ...values) => reader.all(statement, values),
      })
    } finally {
      reader.execute('rollback')
    }
  }

  return Object.freeze<Moments>({
    read: (work) => turns.run('moment', () => read(work)),
    close: () => turns.run('moment', () => connection?.close()),
  })
}
