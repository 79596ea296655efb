import type { Statement, Value } from './statement.ts'

/**
 * A named transaction: data in, data out, awaiting nothing but `tx`. It must survive structured clone, so that it can run
 * in SQLite's writer thread, merged with others, moved to another process or run again after a lost reply.
 */
export interface Transaction<Input, Result> {
  readonly name: string
  readonly run: (tx: Tx, input: Input) => Promise<Outcome<Result>>
  /** It leads to more room on the disk: where that is full, it may use what is kept in reserve. */
  readonly frees?: true
}

/** A refusal is a value and changes nothing: what the transaction wrote before it is rolled back. */
export type Outcome<Result> = { readonly ok: Result } | Refusal

export interface Refusal {
  /** Stable code, mostly one of the wire's error codes. */
  readonly refused: string
  readonly detail?: unknown
}

/** The connection inside a transaction. */
export interface Tx {
  /** Identifies this operation across retries; unique in `event`. */
  readonly operationId: string
  /** Ms since the epoch by the clock all nodes of this database share. */
  readonly now: number
  one<Row>(statement: Statement<Row>, ...values: Value[]): Promise<Row | undefined>
  all<Row>(statement: Statement<Row>, ...values: Value[]): Promise<Row[]>
  /** Answers the number of rows changed. */
  run(statement: Statement<unknown>, ...values: Value[]): Promise<number>
}

export function transaction<Input, Result>(
  name: string,
  run: (tx: Tx, input: Input) => Promise<Outcome<Result>>,
): Transaction<Input, Result> {
  return Object.freeze({ name, run })
}

/** Every transaction a process may run, by name: what src/transactions.ts composes. */
export type TransactionTable = ReadonlyMap<string, AnyTransaction>

// Input and result differ per entry; the pair (transaction, input) was checked where `transact` was called.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyTransaction = Transaction<any, any>

/** `freeing`: those that lead to more room on the disk. */
export function transactionTable(transactions: readonly AnyTransaction[], freeing: readonly AnyTransaction[] = []): TransactionTable {
  const table = new Map<string, AnyTransaction>()
  for (const each of [...transactions, ...freeing.map((one) => ({ ...one, frees: true as const }))]) {
    if (table.has(each.name)) throw new Error(`two transactions are named "${each.name}"`)
    table.set(each.name, each)
  }
  return table
}
