import { transactions } from '../../transactions.ts'
import type { AnyTransaction } from '../transaction.ts'
import type { Side } from './dependence.ts'
import type { Fact } from './facts.ts'
import type { State } from './rows.ts'

/** A transaction as it is asked for here: always on the same rows. */
export interface Operation {
  readonly name: string
  /** What it is an example of: every two subjects have to meet. */
  readonly subject: string
  readonly transaction: AnyTransaction
  /** Of the second of two equal operations too, where each needs rows of its own. */
  readonly input: (side: Side) => unknown
  /** The rows it is run on. */
  readonly states: readonly State[]
  /** What holds when it was acknowledged ... */
  readonly promises: readonly Fact[]
  /** ... unless the other one was acknowledged too and is meant to undo it. */
  readonly undoes: readonly Fact[]
  /** Whether it appends an event when it answers this; nothing where the answer does not tell. */
  readonly records: (result: unknown) => boolean | undefined
  /** Refused once the repository is frozen. */
  readonly refusedWhenFrozen: boolean
  /** Whether it answers that it changed nothing because collection is held. */
  readonly heldBack: ((result: unknown) => boolean) | undefined
}

interface Described extends Pick<Operation, 'subject' | 'input' | 'states'> {
  /** Its name in src/transactions.ts. */
  readonly transaction: string
  readonly promises?: Operation['promises']
  readonly undoes?: Operation['undoes']
  readonly records?: Operation['records']
  readonly refusedWhenFrozen?: boolean
  readonly heldBack?: Operation['heldBack']
}

export function operation(name: string, { transaction, ...described }: Described): Operation {
  const found = transactions.get(transaction)
  if (found === undefined) throw new Error(`src/transactions.ts has no "${transaction}"`)
  return operationOf(name, found, described)
}

/** An example of a transaction that a feature may have. */
export function operationOf(name: string, transaction: AnyTransaction, described: Omit<Described, 'transaction'>): Operation {
  const preset = { promises: [], undoes: [], records: () => true, refusedWhenFrozen: false, heldBack: undefined }
  return { ...preset, ...described, name, transaction }
}
