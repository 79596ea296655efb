import { statement, type Tx } from '../database/index.ts'
import { queueCollection } from './queue-store.ts'

export type ObjectState = 'writing' | 'live' | 'damaged' | 'doomed'

const insert = statement(`insert into object (id, store_id, state, since) values ($1, 1, 'writing', $2) on conflict (id) do nothing`)
const setKey = statement(`update object set key = $2 where id = $1 and state = 'writing'`)
const lockWriting = statement<{ id: string }>(`select id from object where id = $1 and state = 'writing' for share`)
const doom = statement(`update object set state = 'doomed', since = $2 where id = $1 and state <> 'doomed'`)

/** An object row exists before its bytes, so that no file is without a row. It is looked at when its upload has expired. */
export async function insertObject(tx: Tx, id: string, dueAt: number): Promise<void> {
  await tx.run(insert, id, tx.now)
  await queueCollection(tx, 'object', id, dueAt)
}

export async function nameObject(tx: Tx, id: string, key: string): Promise<boolean> {
  return (await tx.run(setKey, id, key)) > 0
}

/** Whether bytes may still be kept in the object. It is locked against the collector, which sees afterwards who holds it. */
export async function lockWritingObject(tx: Tx, id: string): Promise<boolean> {
  return (await tx.one(lockWriting, id)) !== undefined
}

/** Nothing refers to the object any more; its bytes go after the drain, when no reader can still be on its way to them. */
export async function doomObject(tx: Tx, id: string, drain: number): Promise<void> {
  await tx.run(doom, id, tx.now)
  await queueCollection(tx, 'object', id, tx.now + drain)
}
