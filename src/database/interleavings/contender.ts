import type { PoolClient } from 'pg'
import { runTransaction, type PostgresClient, type PostgresQuery } from '../postgres/index.ts'
import type { AnyTransaction, Outcome } from '../transaction.ts'

/** A transaction to run, as a process of the server would be asked to. */
export interface Task {
  readonly transaction: AnyTransaction
  readonly input: unknown
  readonly operationId: string
  readonly now: number
  /** The operation may have been committed before, and its reply been lost. */
  readonly again: boolean
}

export type Ending = { readonly outcome: Outcome<unknown> } | { readonly error: unknown }

/**
 * One connection that runs a transaction statement by statement: each waits at a gate until `release`. BEGIN passes, since it
 * takes neither a lock nor a snapshot.
 */
export class Contender {
  readonly client: PoolClient
  readonly pid: number
  state: 'waiting' | 'running' | 'ended' = 'ended'
  ending: Ending | undefined
  #pending: { readonly query: PostgresQuery | string; run(): void; refuse(error: Error): void } | undefined
  #moved = Promise.withResolvers<void>()

  constructor(client: PoolClient & { readonly processID?: number | null }) {
    if (typeof client.processID !== 'number') throw new Error('the driver does not tell the id of its server process')
    this.client = client
    this.pid = client.processID
  }

  /** The statement at the gate. */
  get next(): PostgresQuery | string {
    if (this.#pending === undefined) throw new Error('no statement waits')
    return this.#pending.query
  }

  /** Runs the task up to its first statement. */
  async start(task: Task): Promise<void> {
    this.ending = undefined
    const moved = this.#leaveGate()
    runTransaction(this.#gate(), task.transaction, task.input, task).then(
      (outcome) => this.#end({ outcome }),
      (error: unknown) => this.#end({ error }),
    )
    await moved
  }

  /** Lets the waiting statement go; resolves when the next one waits or the transaction has ended. */
  release(): Promise<void> {
    const pending = this.#pending
    if (pending === undefined) throw new Error('no statement waits')
    const moved = this.#leaveGate()
    pending.run()
    return moved
  }

  /** Ends a transaction at its gate, as if its process had died there. */
  async abandon(): Promise<void> {
    const moved = this.#leaveGate()
    this.#pending?.refuse(new Error('abandoned'))
    await moved
    await this.client.query('rollback')
  }

  /** Runs the task without gates. */
  async runAlone(task: Task): Promise<void> {
    try {
      this.ending = { outcome: await runTransaction(this.client, task.transaction, task.input, task) }
    } catch (error) {
      this.ending = { error }
      await this.client.query('rollback')
    }
  }

  /** Resolves when a blocked statement has ended and the next one waits. */
  get moved(): Promise<void> {
    return this.#moved.promise
  }

  #leaveGate(): Promise<void> {
    this.state = 'running'
    this.#moved = Promise.withResolvers()
    return this.#moved.promise
  }

  #end(ending: Ending): void {
    this.ending = ending
    this.#pending = undefined
    this.state = 'ended'
    this.#moved.resolve()
  }

  #gate(): PostgresClient {
    return {
      query: (query) => {
        if (query === 'begin') return this.client.query(query)
        return new Promise((resolve, reject) => {
          const run = (): void => void this.client.query(query as string).then(resolve, reject)
          this.#pending = { query, run, refuse: reject }
          this.state = 'waiting'
          this.#moved.resolve()
        })
      },
    }
  }
}
