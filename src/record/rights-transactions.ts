import { statement, type Refusal, type Tx } from '../database/index.ts'
import type { EventActor } from './event-transactions.ts'

const bump = statement(`update meta set value = cast(cast(value as bigint) + 1 as text) where name = 'rights'`)
const holdVersion = statement<{ value: string }>(`select value from meta where name = 'rights' for share`)
const bumpFrom = statement(`update meta set value = $2 where name = 'rights' and value = $1`)

/**
 * Counts a change of what somebody may do, or of who somebody is: every process that remembers such things forgets them. It locks one
 * row that all such transactions share, so it is the last thing they do before they record their event. Here, since the core does it
 * too, where a first push makes a project.
 */
export async function bumpRights(tx: Tx): Promise<void> {
  if ((await tx.run(bump)) !== 1) throw new Error('the version of rights is missing from the database')
}

/** The code of a refusal: who may do what has changed since it was decided. It has to be decided anew. */
export const rightsMoved = 'RIGHTS_MOVED'

/** The same as an error, for whoever asked for the change. */
export class RightsMoved extends Error {
  readonly code = rightsMoved

  constructor() {
    super('rights have changed since this was decided')
    this.name = 'RightsMoved'
  }
}

/**
 * The same for what somebody asked for who was let in under a version of rights: refuses when it is another one by now. So whatever was
 * looked at to decide (what the one may who asks, what the other has who is changed, how the thing looked that `If-Match` names) is
 * still so when the change is committed, without being looked at again in the transaction.
 *
 * The attacker: whoever may set passwords, and sets one in the moment in which its owner is made an administrator.
 */
export async function bumpDecided(tx: Tx, actor: EventActor | undefined): Promise<Refusal | undefined> {
  if (actor?.decidedAt === undefined) {
    await bumpRights(tx)
    return undefined
  }
  const { decidedAt } = actor
  return (await tx.run(bumpFrom, String(decidedAt), String(decidedAt + 1))) === 1 ? undefined : { refused: rightsMoved }
}

/**
 * The same for what nobody needs to forget anything for: an account, a group or a token that nobody can know yet. The version stays as it
 * is, also until the end of the transaction.
 */
export async function holdDecided(tx: Tx, actor: EventActor | undefined): Promise<Refusal | undefined> {
  if (actor?.decidedAt === undefined) return undefined
  return (await tx.one(holdVersion))?.value === String(actor.decidedAt) ? undefined : { refused: rightsMoved }
}
