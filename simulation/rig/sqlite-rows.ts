import { Database } from 'bun:sqlite'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobQuery, type BlobRow, objectQuery, type ObjectRow, problemQueries, type Rows } from './rows.ts'

/**
 * Reads the rows while no server runs. It reads a copy: to open the database itself would recover it, which is what the
 * server's next start has to show.
 */
export function readSqliteRows(data: string): Rows {
  const folder = mkdtempSync(join(tmpdir(), 'berth-rows-'))
  try {
    for (const file of ['berth.db', 'berth.db-wal']) {
      if (existsSync(join(data, file))) copyFileSync(join(data, file), join(folder, file))
    }
    return readAll(new Database(join(folder, 'berth.db')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function readAll(database: Database): Rows {
  try {
    const all = <Row>(sql: string): Row[] => database.query<Row, []>(sql).all()
    const problems = problemQueries.flatMap((query) => all<{ problem: string }>(query).map(({ problem }) => problem))
    const integrity = all<{ integrity_check: string }>('pragma integrity_check').map((row) => row.integrity_check)
    const foreign = all<{ table: string; rowid: number }>('pragma foreign_key_check')
    return {
      objects: all<ObjectRow>(objectQuery),
      blobs: all<BlobRow>(blobQuery),
      problems: [
        ...problems,
        ...integrity.filter((line) => line !== 'ok'),
        ...foreign.map(({ table, rowid }) => `row ${rowid} of ${table} refers to a row that is not there`),
      ],
    }
  } finally {
    database.close()
  }
}
