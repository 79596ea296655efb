import type { Statement, Value } from './statement.ts'
import type { Outcome, Transaction } from './transaction.ts'

/** The one place that says what exists. SQLite and PostgreSQL are two drivers of it, never two ways of working. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  /** Made once when the schema is created; ties a blob store's folder to its database. */
  readonly installation: string
  /** 64 hexadecimal digits that nobody outside can know, the same on every node: what this installation signs with. */
  readonly secret: string

  /**
   * Runs a named transaction and answers once it is durable. Deadlocks and serialization failures are retried inside. With
   * an `operationId` of an earlier call (lost reply, unknown outcome) it changes nothing again and answers the same.
   * Fails with DatabaseError.
   */
  transact<Input, Result>(
    transaction: Transaction<Input, Result>,
    input: Input,
    operationId?: string,
  ): Promise<Outcome<Result>>

  /**
   * A number that differs once any read could answer differently, cheap enough to ask on every request: what memory holds may
   * be answered while it stands. Absent where only the database itself can tell (PostgreSQL, other nodes write to it).
   */
  readonly version: (() => number) | undefined

  /** Ms since the epoch by the clock that all nodes of this database share, as transactions have it. */
  now(): Promise<number>

  /** Whether other threads or processes serve it too: then a client's next request may be theirs. */
  readonly shared: boolean

  /** Reads the newest committed state, outside any transaction. */
  one<Row>(statement: Statement<Row>, ...values: Value[]): Promise<Row | undefined>
  all<Row>(statement: Statement<Row>, ...values: Value[]): Promise<Row[]>

  /**
   * Runs `work` with reads that all see one moment: everything committed before the first of them, nothing committed after.
   * Writers do not wait for it; keep it short all the same (a log or old rows are kept for it).
   */
  snapshot<T>(work: (moment: Reads) => Promise<T>): Promise<T>

  /** Waits for running transactions, then closes. */
  close(): Promise<void>
}

/** A database that is only looked at, for checks: nothing is migrated, recovered into the file or locked. */
export type DatabaseReader = Pick<Database, 'dialect' | 'installation' | 'one' | 'all' | 'close'>

/** Reading alone. */
export type Reads = Pick<Database, 'one' | 'all'>

/**
 * `full`          no room or read-only: nothing was kept, later calls may succeed
 * `unavailable`   the server can't be reached or is overloaded: nothing is known to be kept, try again
 * `failed`        a defect or a failed medium
 * `newer`         the schema was written by a newer program
 * `corrupt`       the database is damaged, or not ours
 * `lost`          it is missing or empty where data exists
 * `locked`        another server uses it
 * `occupied`      something is where this call wants to make something new
 */
export type DatabaseErrorCode = 'full' | 'unavailable' | 'failed' | 'newer' | 'corrupt' | 'lost' | 'locked' | 'occupied'

/** The one error a Database throws. `cause` keeps the driver's own error where it is in this thread. */
export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode

  constructor(code: DatabaseErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DatabaseError'
    this.code = code
  }
}
