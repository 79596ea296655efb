import type { PoolClient } from 'pg'
import type { Clock, Ids } from '../../lib/index.ts'
import type { Database, DatabaseReader, Reads } from '../database.ts'
import { DatabaseError } from '../database.ts'
import { belongsElsewhere, newInstallation, type Installation } from '../installation.ts'
import { checkSchema, migrate } from '../migrations/migrate.ts'
import { postgresTypes } from '../migrations/index.ts'
import type { AnyTransaction, Outcome } from '../transaction.ts'
import { createPool, databaseError, isAlreadyDone, isConnectionLoss, isRetryable, queryOf, type PostgresQuery } from './client.ts'
import { runTransaction, selectNow, txOn } from './run-transaction.ts'

export interface PostgresOptions {
  readonly url: string
  /** Whether the schema must be there already: true where data exists that only a database can explain. */
  readonly mustExist: boolean
  /** Whether a server may be at work on it: its schema is taken as it is, or refused. */
  readonly beside?: true
  readonly clock: Clock
  readonly ids: Ids
  /** Told of errors on idle connections; nothing is lost by them. */
  readonly onIdleError: (error: Error) => void
  /** Overrides the server's clock, for tests. */
  readonly now?: () => number
  /** The most connections to hold. */
  readonly connections?: number | undefined
  /** Ms for which an answer is waited for; less in tests. */
  readonly patience?: number
}

/** The most connections that a process holds for its requests. */
const poolSize = 16
const attempts = 20
/**
 * How long one statement may take, and one transaction be tried: a server that answers nothing is reported, not waited for as
 * often as one that refuses. Every statement ends within a few ms by itself; what takes long waits for a lock, or for nothing.
 */
const usualPatience = 10_000
export const migrationLock = 4_920_170

export async function openPostgresDatabase(options: PostgresOptions): Promise<Database> {
  const { id: installation, secret } = await openSchema(options)
  const pool = createPool(options.url, options.connections ?? poolSize, options.onIdleError, options.patience ?? usualPatience)
  return Object.freeze<Database>({
    dialect: 'postgres',
    installation,
    secret,
    version: undefined,
    now: async () => options.now?.() ?? (await serverTime(pool)),
    shared: true,
    transact: async (transaction, input, operationId) =>
      (await persist(pool, transaction, input, operationId, options)) as Outcome<never>,
    one: async (statement, ...values) => (await read(pool, queryOf(statement, values)))[0] as never,
    all: async (statement, ...values) => (await read(pool, queryOf(statement, values))) as never[],
    snapshot: async (work) => await readMoment(pool, work),
    close: () => pool.end(),
  })
}

/** On a connection of its own: a migration, and the wait for another server's, take as long as they take. */
async function openSchema(options: PostgresOptions): Promise<Installation> {
  const pool = createPool(options.url, 1, options.onIdleError)
  try {
    return await withClient(pool, (client) => prepareSchema(client, options))
  } catch (error) {
    throw databaseError(error)
  } finally {
    await pool.end()
  }
}

/** Opens the database to look at it. Fails with `corrupt` when it is empty, or not the one of the `installation` that is given. */
export async function openPostgresReader(
  { url, installation, onIdleError }: Pick<PostgresOptions, 'url' | 'onIdleError'> & { readonly installation: string | undefined },
): Promise<DatabaseReader> {
  const pool = createPool(url, 2, onIdleError)
  const one: DatabaseReader['one'] = async (statement, ...values) => (await read(pool, queryOf(statement, values)))[0] as never
  try {
    await withClient(pool, checkPresent)
    const found = (await checkSchema({ one })).id
    if (installation !== undefined && installation !== found) throw belongsElsewhere('the data directory', installation, found)
    return Object.freeze<DatabaseReader>({
      dialect: 'postgres',
      installation: found,
      one,
      all: async (statement, ...values) => (await read(pool, queryOf(statement, values))) as never[],
      close: () => pool.end(),
    })
  } catch (error) {
    await pool.end()
    throw databaseError(error)
  }
}

type Pool = ReturnType<typeof createPool>

async function serverTime(pool: Pool): Promise<number> {
  const [row] = await read(pool, selectNow)
  return (row as { readonly now: number }).now
}

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    const result = await work(client)
    client.release()
    return result
  } catch (error) {
    // A connection that failed in the middle of something is never used again.
    client.release(true)
    throw error
  }
}

async function read(on: Pool | PoolClient, query: PostgresQuery | string): Promise<unknown[]> {
  try {
    return (await on.query(query as PostgresQuery)).rows as unknown[]
  } catch (error) {
    throw databaseError(error)
  }
}

/** The first query takes the snapshot that the others read too. What `work` throws leaves as it is. */
async function readMoment<T>(pool: Pool, work: (moment: Reads) => Promise<T>): Promise<T> {
  try {
    return await withClient(pool, async (client) => {
      await read(client, 'begin isolation level repeatable read read only')
      const result = await work({
        one: async (statement, ...values) => (await read(client, queryOf(statement, values)))[0] as never,
        all: async (statement, ...values) => (await read(client, queryOf(statement, values))) as never[],
      })
      await read(client, 'commit')
      return result
    })
  } catch (error) {
    throw isConnectionLoss(error) ? databaseError(error) : error
  }
}

/** Retries what was surely rolled back; after a lost COMMIT asks first whether the operation took place. */
async function persist(
  pool: Pool,
  transaction: AnyTransaction,
  input: unknown,
  givenId: string | undefined,
  { ids, clock, now, patience = usualPatience }: PostgresOptions,
): Promise<Outcome<unknown>> {
  const operationId = givenId ?? ids.ordered()
  let again = givenId !== undefined
  const deadline = clock.monotonic() + patience
  for (let attempt = 1; ; attempt++) {
    let committing = false
    try {
      const run = { operationId, again, ...(now === undefined ? {} : { now: now() }) }
      return await withClient(pool, (client) => runTransaction(client, transaction, input, run, () => (committing = true)))
    } catch (error) {
      const done = isAlreadyDone(error, again)
      const hopeless = attempt === attempts || clock.monotonic() >= deadline
      if (hopeless || !(done || isRetryable(error) || isConnectionLoss(error))) throw databaseError(error)
      again ||= done || committing
      if (attempt > 1 || isConnectionLoss(error)) await clock.sleep(Math.min(2 ** attempt, 250))
    }
  }
}

async function prepareSchema(client: PoolClient, { ids, clock, mustExist, beside }: PostgresOptions): Promise<Installation> {
  const tx = txOn(client, 'migration', clock.now())
  if (beside === true) {
    await checkPresent(client)
    return await checkSchema(tx)
  }
  await client.query('begin')
  await client.query(`select pg_advisory_xact_lock(${migrationLock})`)
  if (mustExist) await checkPresent(client)
  const execute = async (sql: string): Promise<void> => void (await client.query(sql))
  const installation = await migrate({ ...tx, execute }, postgresTypes, newInstallation(ids))
  await client.query('commit')
  return installation
}

async function checkPresent(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ present: boolean }>(`select to_regclass('meta') is not null as present`)
  if (rows[0]?.present !== true) {
    throw new DatabaseError('lost', 'the database is empty, but the data directory holds data')
  }
}
