import { statement } from './statement.ts'
import type { AnyTransaction, Outcome, Tx } from './transaction.ts'

const operationResult = statement<{ result: string }>('select result from event where operation_id = $1')

/** The answer that an operation gave when it was committed. */
export async function recordedOutcome(tx: Tx): Promise<{ readonly ok: unknown } | undefined> {
  const done = await tx.one(operationResult, tx.operationId)
  return done === undefined ? undefined : { ok: JSON.parse(done.result) as unknown }
}

/**
 * Runs a transaction whose operation may have been committed before (its reply was lost, or the outcome of its COMMIT is
 * unknown): when its event is there, nothing is written and the recorded answer is given again.
 */
export async function runAgain(tx: Tx, transaction: AnyTransaction, input: unknown): Promise<Outcome<unknown>> {
  return (await recordedOutcome(tx)) ?? (await transaction.run(tx, input))
}
