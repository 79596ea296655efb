import { statement, type Tx } from '../database/index.ts'
import { postponeCollection, type QueueKind } from './queue-store.ts'

/** Why nothing is collected for now. */
export interface CollectionHold {
  readonly name: string
  /** When it ends by itself, in ms since the epoch; null: when what it waits for is done. */
  readonly until: number | null
  /** For people: what it waits for. */
  readonly reason: string
}

/** Name of the hold from `berth rebuild-index` until a check finds the index sound. */
export const rebuiltHold = 'rebuilt'

export const standingHolds = statement<CollectionHold>(`
  select name, until, reason from collection_hold where until is null or until > $1 limit 100`)

// The row of the store stands for "collection in it": steps share it, who takes a hold excludes them. Uploads, which only need
// the row to be there, pass both.
const lockForStep = statement<{ id: number }>('select id from store where id = 1 for share')
const lockForHold = statement<{ id: number }>('select id from store where id = 1 for no key update')

/** Waits for the steps that have begun; one that begins afterwards sees what this transaction writes. */
export async function excludeCollection(tx: Tx): Promise<void> {
  await tx.one(lockForHold)
}

/** How long a key waits that came due while collection was held: a look at the next due ones costs little. */
const pauseWhileHeld = 60_000

/**
 * The first thing a step of the collector does: true when collection is held, and its key was put off; then it changes nothing.
 * The holds are read in a second statement, since the first may have waited for one of them to be committed.
 */
export async function putOffWhileHeld(tx: Tx, kind: QueueKind, key: string | number): Promise<boolean> {
  if (!(await isHeld(tx))) return false
  await postponeCollection(tx, kind, key, tx.now + pauseWhileHeld)
  return true
}

/** As `putOffWhileHeld`, for a step whose key is in no queue. */
export async function isHeld(tx: Tx): Promise<boolean> {
  await tx.one(lockForStep)
  return (await tx.one(standingHolds, tx.now)) !== undefined
}
