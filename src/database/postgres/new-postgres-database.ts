import type { Clock, Ids } from '../../lib/index.ts'
import { DatabaseError } from '../database.ts'
import { newInstallation } from '../installation.ts'
import { migrate } from '../migrations/migrate.ts'
import { postgresTypes } from '../migrations/index.ts'
import type { Tx } from '../transaction.ts'
import { createPool, databaseError } from './client.ts'
import { migrationLock } from './postgres-database.ts'
import { txOn } from './run-transaction.ts'

export interface NewPostgresOptions {
  readonly url: string
  /** Its id, asked for once it is known that there is no database. */
  readonly installation: () => Promise<string>
  readonly clock: Clock
  readonly ids: Ids
}

/**
 * Makes the tables with what `work` writes in one transaction, so that a killed attempt leaves nothing. Fails with `occupied`
 * when the database has a registry's tables already.
 */
export async function makePostgresDatabase<T>(options: NewPostgresOptions, work: (tx: Tx) => Promise<T>): Promise<T> {
  const pool = createPool(options.url, 1, () => undefined)
  try {
    const client = await pool.connect().catch((error: unknown) => {
      throw databaseError(error)
    })
    try {
      await client.query('begin')
      await client.query(`select pg_advisory_xact_lock(${migrationLock})`)
      const { rows } = await client.query<{ present: boolean }>(`select to_regclass('meta') is not null as present`)
      if (rows[0]?.present === true) throw new DatabaseError('occupied', 'there is a database already: nothing was changed')
      const tx = txOn(client, options.ids.uuid(), options.clock.now())
      const execute = async (sql: string): Promise<void> => void (await client.query(sql))
      await migrate({ ...tx, execute }, postgresTypes, { ...newInstallation(options.ids), id: await options.installation() })
      const result = await work(tx)
      await client.query('commit')
      return result
    } finally {
      // Never used again: whatever is open in it is rolled back.
      client.release(true)
    }
  } finally {
    await pool.end()
  }
}
