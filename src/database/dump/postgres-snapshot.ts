import type { PoolClient } from 'pg'
import { createPool, databaseError } from '../postgres/client.ts'
import type { Value } from '../statement.ts'
import { batchSize, generatedKeys, selectAll, type LastNumber, type Snapshot, type TableRows } from './snapshot.ts'
import type { DumpedTable } from './dumped-tables.ts'

/** A snapshot of a database that servers may be writing: one REPEATABLE READ transaction. */
export async function openPostgresSnapshot(url: string): Promise<Snapshot> {
  // An error of the connection is met by the query that is under way or comes next.
  const pool = createPool(url, 1, () => undefined)
  try {
    const client = await pool.connect()
    await client.query('begin isolation level repeatable read, read only')
    // A transaction takes its snapshot with its first query.
    await client.query('select count(*) from schema_version')
    return Object.freeze<Snapshot>({
      read: (table) => readTable(client, table),
      lastNumbers: () => lastNumbers(client),
      close: async () => {
        client.release(true)
        await pool.end()
      },
    })
  } catch (error) {
    await pool.end()
    throw databaseError(error)
  }
}

async function readTable(client: PoolClient, table: DumpedTable): Promise<TableRows> {
  const cursor = `dump_${table.name}`
  const query = async (text: string) => {
    try {
      return await client.query<Value[]>({ text, rowMode: 'array' })
    } catch (error) {
      throw databaseError(error)
    }
  }
  await query(`declare ${cursor} no scroll cursor for ${selectAll(table)}`)
  const names = (await query(`fetch 0 from ${cursor}`)).fields.map(({ name }) => name)
  const kept = names.flatMap((name, index) => (table.omit?.includes(name) === true ? [] : [index]))
  async function* batches() {
    for (;;) {
      const { rows } = await query(`fetch ${batchSize} from ${cursor}`)
      if (rows.length === 0) break
      yield rows.map((row) => kept.map((index) => row[index] ?? null))
    }
    await query(`close ${cursor}`)
  }
  return { columns: kept.map((index) => names[index] as string), batches: batches() }
}

/** Sequences are not part of a snapshot: what is read now is at least what it was. */
async function lastNumbers(client: PoolClient): Promise<readonly LastNumber[]> {
  const found: LastNumber[] = []
  for (const [table, column] of generatedKeys) {
    const text = `select last_value as last, is_called as used from ${table}_${column}_seq`
    const { rows } = await client.query<{ last: number; used: boolean }>(text)
    if (rows[0]?.used === true) found.push({ table, last: rows[0].last })
  }
  return found.sort((a, b) => (a.table < b.table ? -1 : 1))
}
