import pg from 'pg'
import { DatabaseError } from '../database.ts'
import type { Statement, Value } from '../statement.ts'

/** What a transaction needs of a connection: `pg`'s client is one, and so is a client that a test steps through. */
export interface PostgresClient {
  query(query: PostgresQuery | string): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null; readonly command?: string }>
}

/** A prepared statement with its values, as `pg` takes it. */
export interface PostgresQuery {
  readonly name: string
  readonly text: string
  readonly values: Value[]
}

export function queryOf(statement: Statement<unknown>, values: readonly Value[]): PostgresQuery {
  return { name: statement.name, text: statement.postgres, values: [...values] }
}

const int8 = 20

/** bigint arrives as a string; ids, sizes and times stay below 2^53, and a value beyond it must fail, not be rounded. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? parseSafeInteger : (pg.types.getTypeParser(oid, format ?? 'text') as (value: string) => unknown),
}

function parseSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new DatabaseError('failed', `a number beyond 2^53 came from the database: ${text}`)
  return value
}

/** `patience`: ms after which a statement without an answer fails; without it, whoever asks may wait for ever. */
export function createPool(url: string, size: number, onError: (error: Error) => void, patience?: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 10_000,
    ...(patience === undefined ? {} : { query_timeout: patience }),
    keepAlive: true,
    application_name: 'berth',
    types,
    options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
  } as pg.PoolConfig)
  pool.on('error', onError)
  // Whoever has borrowed a connection learns of its loss from its own query; unheard, the same news would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

const retryable = new Set(['40001', '40P01'])
const lostConnection = /^(08|57P)/
/** What a system call or a look-up of the host's name says when the server can't be reached. */
const networkError = /^E(CONNRESET|CONNREFUSED|CONNABORTED|PIPE|TIMEDOUT|NOENT|HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|NOTFOUND|AI_AGAIN)$/

/** Serialization failure or deadlock: the transaction was rolled back and may simply be run again. */
export function isRetryable(error: unknown): boolean {
  return retryable.has(sqlState(error))
}

/**
 * This very operation was committed meanwhile, by an attempt whose connection was lost before its answer came. `again`: there was
 * such an attempt, so that any row that is there already may be one of its.
 */
export function isAlreadyDone(error: unknown, again: boolean): boolean {
  return sqlState(error) === '23505' && (again || (error as { constraint?: unknown }).constraint === 'event_operation_id_key')
}

/** What the driver says of a connection that broke, could not be made, or on which no answer came in time. */
const lostMessage = /connection terminated|timeout expired|timeout exceeded when trying to connect|query read timeout|not queryable/i

/** The connection is gone, or nothing is heard on it: of a transaction whose COMMIT was sent nothing is known. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error)
  if (lostConnection.test(state) || networkError.test(state)) return true
  return error instanceof Error && lostMessage.test(error.message)
}

export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const state = sqlState(error)
  const message = error instanceof Error ? error.message : String(error)
  if (state === '53100' || state === '25006') return new DatabaseError('full', `the database can't grow: ${message}`, error)
  if (isConnectionLoss(error) || state.startsWith('53')) return new DatabaseError('unavailable', `the database can't be reached: ${message}`, error)
  return new DatabaseError('failed', `${state} ${message}`.trim(), error)
}

function sqlState(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
