import { DatabaseError } from '../database.ts'
import { recordedOutcome, runAgain } from '../operation-store.ts'
import type { AnyTransaction, Outcome, Tx } from '../transaction.ts'
import { queryOf, type PostgresClient } from './client.ts'

/** `again`: the operation may have been committed before. `now`: overrides the server's clock, for tests. */
export interface RunOptions {
  readonly operationId: string
  readonly again: boolean
  readonly now?: number
}

/** The server's clock, which all nodes share. */
export const selectNow = 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now'
const begin = `begin; ${selectNow}`

/**
 * One attempt at a transaction on one connection. Throws what the driver throws; `committing` tells the caller whether COMMIT
 * was already sent, since after that a lost connection leaves the outcome unknown.
 */
export async function runTransaction(
  client: PostgresClient,
  transaction: AnyTransaction,
  input: unknown,
  options: RunOptions,
  committing: () => void = () => undefined,
): Promise<Outcome<unknown>> {
  const tx = txOn(client, options.operationId, options.now ?? (await beginTransaction(client)))
  if (options.now !== undefined) await client.query('begin')
  const outcome = options.again ? await runAgain(tx, transaction, input) : await transaction.run(tx, input)
  if ('refused' in outcome) {
    await client.query('rollback')
    // The first attempt may have been committed while this one waited for its locks: then it refused what is done.
    return options.again ? ((await recordedOutcome(tx)) ?? outcome) : outcome
  }
  committing()
  const { command } = await client.query('commit')
  if (command !== undefined && command !== 'COMMIT') throw new DatabaseError('failed', 'the transaction was rolled back at COMMIT')
  return outcome
}

/** BEGIN and the shared clock in one round trip. */
async function beginTransaction(client: PostgresClient): Promise<number> {
  const results = (await client.query(begin)) as unknown as readonly { readonly rows: readonly { readonly now: number }[] }[]
  const now = results[1]?.rows[0]?.now
  if (now === undefined) throw new DatabaseError('failed', 'the database did not tell its time')
  return now
}

export function txOn(client: PostgresClient, operationId: string, now: number): Tx {
  return {
    operationId,
    now,
    one: async (statement, ...values) => (await client.query(queryOf(statement, values))).rows[0] as never,
    all: async (statement, ...values) => (await client.query(queryOf(statement, values))).rows as never[],
    run: async (statement, ...values) => (await client.query(queryOf(statement, values))).rowCount ?? 0,
  }
}
