import type { PoolClient } from 'pg'
import { DatabaseError } from '../database.ts'
import { migrate } from '../migrations/migrate.ts'
import { migrations, postgresTypes } from '../migrations/index.ts'
import { createPool, databaseError } from '../postgres/client.ts'
import { txOn } from '../postgres/run-transaction.ts'
import { checkColumns, insertInto, markObjectDamaged, presetRows, setInstallation, setSecret, type Fill, type LoadOptions } from './load.ts'
import { generatedKeys, type TableRows } from './snapshot.ts'

/**
 * Fills an empty database in one transaction. One that this very installation was loaded into before is left as it is: the
 * restore was killed after that. Any other one fails with `occupied`.
 */
export async function loadPostgres(url: string, options: LoadOptions, fill: Fill): Promise<void> {
  const pool = createPool(url, 1, () => undefined)
  try {
    const client = await pool.connect()
    try {
      await client.query('begin')
      if (!(await isEmpty(client, options.installation))) return
      await load(client, options, fill)
      await client.query('commit')
    } finally {
      client.release(true)
    }
  } catch (error) {
    throw databaseError(error)
  } finally {
    await pool.end()
  }
}

async function isEmpty(client: PoolClient, installation: string): Promise<boolean> {
  const { rows } = await client.query<{ tables: number; meta: boolean }>(
    `select count(*)::int as tables, coalesce(bool_or(table_name = 'meta'), false) as meta
     from information_schema.tables where table_schema = current_schema()`,
  )
  const [found] = rows
  if (found === undefined || found.tables === 0) return true
  if (found.meta) {
    const meta = await client.query<{ value: string }>(`select value from meta where name = 'installation'`)
    if (meta.rows[0]?.value === installation) return false
  }
  throw new DatabaseError('occupied', 'the database is not empty: restore into a new one; nothing was changed')
}

async function load(client: PoolClient, { version, installation, secret, now }: LoadOptions, fill: Fill): Promise<void> {
  const connection = { ...txOn(client, 'load', now), execute: async (sql: string) => void (await client.query(sql)) }
  await migrate(connection, postgresTypes, { id: installation, secret }, migrations.filter((step) => step.version <= version))
  for (const sql of presetRows) await client.query(sql)
  await fill({
    write: (table, rows) => write(client, table.name, rows),
    setLastNumbers: async (numbers) => {
      for (const { table, last } of numbers) {
        const column = generatedKeys.find(([name]) => name === table)?.[1]
        if (column !== undefined) await client.query(`select setval('${table}_${column}_seq', $1)`, [last])
      }
    },
    markDamaged: async (ids) => {
      for (const id of ids) await client.query(markObjectDamaged, [id])
    },
  })
  await client.query(setInstallation, [installation])
  await client.query(setSecret, [secret])
}

async function write(client: PoolClient, table: string, { columns, batches }: TableRows): Promise<void> {
  checkColumns(table, columns)
  for await (const batch of batches) await client.query(insertInto(table, columns, batch.length), batch.flat())
}
