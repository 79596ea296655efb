import type { Clock } from '../lib/index.ts'
import { createCounter, createHistogram, type Metric } from '../observe/index.ts'
import { DatabaseError, type Database } from './database.ts'
import type { Outcome, Transaction } from './transaction.ts'

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The same database, which counts its transactions: how long each took until it was durable, and how each ended. */
export function measuredDatabase(database: Database, clock: Clock): { readonly database: Database; readonly metrics: readonly Metric[] } {
  const seconds = createHistogram('berth_database_transaction_seconds', 'Time from asking for a transaction until it is durable.', bounds, 'transaction')
  const ended = createCounter(
    'berth_database_transactions_total',
    'Transactions by how they ended: done, refused (nothing changed), or the code of the failure.',
    'transaction',
    'outcome',
  )
  async function transact<Input, Result>(transaction: Transaction<Input, Result>, input: Input, operationId?: string): Promise<Outcome<Result>> {
    const started = clock.monotonic()
    let outcome = 'failed'
    try {
      const result = await (operationId === undefined ? database.transact(transaction, input) : database.transact(transaction, input, operationId))
      outcome = 'refused' in result ? 'refused' : 'done'
      return result
    } catch (error) {
      if (error instanceof DatabaseError) outcome = error.code
      throw error
    } finally {
      seconds.of(transaction.name).observe((clock.monotonic() - started) / 1000)
      ended.of(transaction.name, outcome).add()
    }
  }
  return { database: Object.freeze({ ...database, transact }), metrics: [seconds, ended] }
}
