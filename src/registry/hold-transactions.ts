import { statement, transaction, type Tx } from '../database/index.ts'
import { excludeCollection, type CollectionHold } from './hold-store.ts'

const forgetEnded = statement('delete from collection_hold where until <= $1')
const take = statement(`
  insert into collection_hold (name, until, reason) values ($1, $2, $3)
  on conflict (name) do update set until = excluded.until, reason = excluded.reason`)
const release = statement('delete from collection_hold where name = $1')

/**
 * From its commit until `until`, or its release, the collector decides nothing: an object that is live or being written then
 * keeps its bytes. Files of objects doomed before may still go. Taken again under the same name it is renewed. Answers the time
 * by the clock that `until` goes by.
 */
export const holdCollection = transaction('hold collection', async (tx: Tx, input: CollectionHold) => {
  await excludeCollection(tx)
  await tx.run(forgetEnded, tx.now)
  await tx.run(take, input.name, input.until, input.reason)
  return { ok: { now: tx.now } }
})

/** Ends a hold; one that is not there is as good as ended. */
export const releaseCollection = transaction('release collection', async (tx: Tx, input: { readonly name: string }) => {
  await tx.run(release, input.name)
  return { ok: null }
})
