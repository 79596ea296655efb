import { Database as SqliteDatabase } from 'bun:sqlite'
import type { Value } from '../statement.ts'
import { batchSize, selectAll, type LastNumber, type Snapshot, type TableRows } from './snapshot.ts'
import type { DumpedTable } from './dumped-tables.ts'

/**
 * A snapshot of a database that a server may be writing: one read transaction. The log can't be emptied beyond it while it
 * stands, so it is closed as soon as the rows are read.
 */
export function openSqliteSnapshot(path: string): Snapshot {
  const database = new SqliteDatabase(path, { readonly: true })
  try {
    database.run('pragma busy_timeout = 5000')
    database.run('begin')
    // A transaction begins with its first read.
    database.query('select count(*) from schema_version').get()
  } catch (error) {
    database.close()
    throw error
  }
  return Object.freeze<Snapshot>({
    // eslint-disable-next-line @typescript-eslint/require-await
    read: async (table) => readTable(database, table),
    // eslint-disable-next-line @typescript-eslint/require-await
    lastNumbers: async () =>
      database.query<LastNumber, []>('select name as "table", seq as last from sqlite_sequence order by name').all(),
    // eslint-disable-next-line @typescript-eslint/require-await
    close: async () => database.close(),
  })
}

function readTable(database: SqliteDatabase, table: DumpedTable): TableRows {
  const query = database.prepare<Record<string, Value>, []>(selectAll(table))
  const columns = query.columnNames.filter((name) => table.omit?.includes(name) !== true)
  async function* batches() {
    try {
      let batch: Value[][] = []
      for (const row of query.iterate()) {
        batch.push(columns.map((name) => row[name] ?? null))
        if (batch.length < batchSize) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
    } finally {
      query.finalize()
    }
  }
  return { columns, batches: batches() }
}
