import { DatabaseError } from '../database.ts'
import { runAgain } from '../operation-store.ts'
import type { AnyTransaction, Outcome, TransactionTable, Tx } from '../transaction.ts'
import type { SqliteConnection } from './connection.ts'

/** A transaction that waits for the writer. Plain data: it crosses a thread boundary. */
export interface WriteRequest {
  readonly name: string
  readonly input: unknown
  readonly operationId: string
  /** The operation may have been committed before. */
  readonly again: boolean
  readonly now: number
}

/** Its answer. Errors lose their class across threads, so they travel as data. */
export type WriteReply =
  | { readonly outcome: Outcome<unknown> }
  | { readonly error: { readonly code: DatabaseError['code']; readonly message: string; readonly fatal: boolean } }

/**
 * Runs the waiting transactions in one BEGIN IMMEDIATE ... COMMIT, a savepoint each: one fsync for all of them. Nobody is
 * answered before COMMIT has returned. What a refused or failing transaction wrote is rolled back alone, unless SQLite gave
 * up the outer transaction (full disk, I/O error, no memory): then nothing of the batch was kept and everyone is told so.
 */
export async function commitMerged(
  connection: SqliteConnection,
  table: TransactionTable,
  requests: readonly WriteRequest[],
): Promise<WriteReply[]> {
  try {
    connection.execute('begin immediate')
    const replies: WriteReply[] = []
    for (const request of requests) replies.push(await runInSavepoint(connection, table, request))
    connection.execute('commit')
    return replies
  } catch (error) {
    return giveUp(connection, requests, error)
  }
}

async function runInSavepoint(connection: SqliteConnection, table: TransactionTable, request: WriteRequest): Promise<WriteReply> {
  connection.execute('savepoint one')
  try {
    const outcome = await run(connection, table, request)
    if ('refused' in outcome) connection.execute('rollback to one')
    connection.execute('release one')
    return { outcome }
  } catch (error) {
    if (!connection.inTransaction) throw error
    connection.execute('rollback to one')
    connection.execute('release one')
    return errorReply(error)
  }
}

async function run(connection: SqliteConnection, table: TransactionTable, request: WriteRequest): Promise<Outcome<unknown>> {
  const transaction: AnyTransaction | undefined = table.get(request.name)
  if (transaction === undefined) throw new DatabaseError('failed', `no transaction is named "${request.name}"`)
  const tx = txOn(connection, request.operationId, request.now)
  return request.again ? await runAgain(tx, transaction, request.input) : await transaction.run(tx, request.input)
}

export function txOn(connection: SqliteConnection, operationId: string, now: number): Tx {
  return {
    operationId,
    now,
    // eslint-disable-next-line @typescript-eslint/require-await
    one: async (statement, ...values) => connection.one(statement, values),
    all: async (statement, ...values) => connection.all(statement, values),
    run: async (statement, ...values) => connection.run(statement, values),
  }
}

/**
 * Nothing of the batch was kept. After a failed COMMIT or fsync the state of the file is unknown to SQLite as well (the
 * kernel drops dirty pages after reporting EIO once): that is fatal, and recovery starts with a fresh process.
 */
function giveUp(connection: SqliteConnection, requests: readonly WriteRequest[], error: unknown): WriteReply[] {
  let reason = error
  if (connection.inTransaction) {
    try {
      connection.execute('rollback')
    } catch (failedRollback) {
      reason = new DatabaseError('failed', 'ROLLBACK failed', failedRollback)
    }
  }
  return requests.map(() => errorReply(reason, isFatal(reason)))
}

function isFatal(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === 'failed' || error.code === 'corrupt')
}

function errorReply(error: unknown, fatal = false): WriteReply {
  const code = error instanceof DatabaseError ? error.code : 'failed'
  return { error: { code, message: error instanceof Error ? error.message : String(error), fatal } }
}
