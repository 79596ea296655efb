import type { Statement, Value } from '../statement.ts'
import { transaction, type AnyTransaction, type Tx } from '../transaction.ts'
import type { Operation } from './operation.ts'

/** Answers another text for a statement, or nothing to leave the statement out; the same text where nothing is to change. */
export type Rewrite = (text: string) => string | undefined

let plants = 0

/** An operation whose transaction has a defect. Fails when the defect finds no statement to be in. */
export function broken(operation: Operation, rewrite: Rewrite): Operation {
  return { ...operation, transaction: rewritten(operation.transaction, rewrite) }
}

function rewritten(original: AnyTransaction, rewrite: Rewrite): AnyTransaction {
  // PostgreSQL knows a prepared statement by its name.
  const suffix = `_planted${++plants}`
  return transaction(original.name, async (tx, input: unknown) => {
    const count = { rewritten: 0 }
    const outcome = await original.run(rewriting(tx, rewrite, suffix, count), input)
    if (count.rewritten === 0 && 'ok' in outcome) throw new Error('the defect is nowhere in this transaction')
    return outcome
  })
}

function rewriting(tx: Tx, rewrite: Rewrite, suffix: string, count: { rewritten: number }): Tx {
  function change<Row>(statement: Statement<Row>): Statement<Row> | undefined {
    const text = rewrite(statement.postgres)
    if (text === statement.postgres) return statement
    count.rewritten++
    return text === undefined ? undefined : { ...statement, name: `${statement.name}${suffix}`, postgres: text }
  }
  return {
    operationId: tx.operationId,
    now: tx.now,
    one: async <Row>(statement: Statement<Row>, ...values: Value[]) => {
      const changed = change(statement)
      return changed && (await tx.one(changed, ...values))
    },
    all: async <Row>(statement: Statement<Row>, ...values: Value[]) => {
      const changed = change(statement)
      return changed === undefined ? [] : await tx.all(changed, ...values)
    },
    run: async (statement, ...values) => {
      const changed = change(statement)
      return changed === undefined ? 0 : await tx.run(changed, ...values)
    },
  }
}
