import { statement, transaction, type Outcome, type Tx } from '../database/index.ts'
import { record } from '../record/index.ts'
import { putOffWhileHeld } from './hold-store.ts'
import { isReferenced, releaseBlob } from './link-store.ts'
import { doomObject, type ObjectState } from './object-store.ts'
import { endCollection, linkKey, postponeCollection, type QueueKind } from './queue-store.ts'
import { findInTrash } from './trash-store.ts'

/**
 * The collector's steps. While collection is held they change nothing. Each takes the locks that pushers take, then looks, in
 * a second statement, whether anything holds what it came for: PostgreSQL would answer a check made in the locking statement
 * from before the lock was granted.
 */

const lockBlob = statement<{ digest: string; object_id: string | null }>(`
  select digest, object_id from blob where id = $1 for update`)
const lockLink = statement<{ lease_until: number }>(`
  select lease_until from link where repository_id = $1 and blob_id = $2 for update`)

/**
 * Removes a link that no manifest of its repository refers to, that is not in the trash, and whose lease has ended. The blob is locked against pushers
 * too: where there is no link to lock, one could be inserted now, and its entry in the queue be taken for the old one.
 */
export const collectLink = transaction(
  'collect link',
  async (tx: Tx, input: { readonly repositoryId: number; readonly blobId: number }) => {
    const key = linkKey(input.repositoryId, input.blobId)
    if (await putOffWhileHeld(tx, 'link', key)) return { ok: 'held' as const }
    const blob = await tx.one(lockBlob, input.blobId)
    const link = blob && (await tx.one(lockLink, input.repositoryId, input.blobId))
    if (blob === undefined || link === undefined) {
      await endCollection(tx, 'link', key)
      return { ok: 'gone' as const }
    }
    if (await isReferenced(tx, input.repositoryId, blob.digest)) {
      await endCollection(tx, 'link', key)
      return { ok: 'kept' as const }
    }
    const until = Math.max(link.lease_until, await endInTrash(tx, input.repositoryId, blob.digest))
    if (until > tx.now) {
      await postponeCollection(tx, 'link', key, until)
      return { ok: 'kept' as const }
    }
    await releaseBlob(tx, input.repositoryId, input.blobId)
    await endCollection(tx, 'link', key)
    const event = { kind: 'link.collect', actor: undefined, repositoryId: input.repositoryId, keys: { digest: blob.digest } }
    return await record(tx, event, 'removed' as const)
  },
)

/** How long the link of a blob waits that is due in the trash: its purge removes it. */
const pauseInTrash = 60_000

/** When to look again at a blob that is in the trash; 0 for any other. */
async function endInTrash(tx: Tx, repositoryId: number, digest: string): Promise<number> {
  const kept = await findInTrash(tx, repositoryId, digest, 'blob')
  return kept === undefined ? 0 : Math.max(kept.purge_at, tx.now + pauseInTrash)
}

const heldByLink = statement<{ one: number }>('select 1 as one from link where blob_id = $1 limit 1')
const heldByManifest = statement<{ one: number }>('select 1 as one from manifest where blob_id = $1 limit 1')
const removeContent = statement('delete from content where blob_id = $1')
const removeBlob = statement('delete from blob where id = $1')

/** Removes a blob that no link and no manifest holds, in any repository, trash included. */
export const collectBlob = transaction(
  'collect blob',
  async (tx: Tx, input: { readonly blobId: number; readonly drain: number }) => {
    if (await putOffWhileHeld(tx, 'blob', input.blobId)) return { ok: 'held' as const }
    const blob = await tx.one(lockBlob, input.blobId)
    if (blob === undefined) {
      await endCollection(tx, 'blob', input.blobId)
      return { ok: 'gone' as const }
    }
    if (await held(tx, input.blobId)) {
      await endCollection(tx, 'blob', input.blobId)
      return { ok: 'kept' as const }
    }
    await tx.run(removeContent, input.blobId)
    await tx.run(removeBlob, input.blobId)
    if (blob.object_id !== null) await doomObject(tx, blob.object_id, input.drain)
    await endCollection(tx, 'blob', input.blobId)
    const event = { kind: 'blob.collect', actor: undefined, repositoryId: undefined, keys: { digest: blob.digest } }
    return await record(tx, event, 'removed' as const)
  },
)

async function held(tx: Tx, blobId: number): Promise<boolean> {
  return (await tx.one(heldByLink, blobId)) !== undefined || (await tx.one(heldByManifest, blobId)) !== undefined
}

const lockObject = statement<{ state: ObjectState; key: string | null; since: number }>(`
  select state, key, since from object where id = $1 for update`)
const heldByBlob = statement<{ one: number }>('select 1 as one from blob where object_id = $1 limit 1')
const heldByUpload = statement<{ expires_at: number }>('select expires_at from upload where object_id = $1 limit 1')

export interface CollectedObject {
  readonly state: 'gone' | 'kept' | 'held' | 'doomed'
  readonly key: string | null
}

/**
 * Looks at an object whose time has come: `doomed` with its key when its bytes may go now. An object that was being written
 * and that neither an upload nor a blob knows any more is doomed here.
 */
export const collectObject = transaction(
  'collect object',
  async (tx: Tx, input: { readonly objectId: string; readonly drain: number }): Promise<Outcome<CollectedObject>> => {
    if (await putOffWhileHeld(tx, 'object', input.objectId)) return { ok: { state: 'held', key: null } }
    const object = await tx.one(lockObject, input.objectId)
    if (object === undefined) {
      await endCollection(tx, 'object', input.objectId)
      return { ok: { state: 'gone', key: null } }
    }
    if (object.state === 'doomed') {
      const due = object.since + input.drain
      if (due <= tx.now) return { ok: { state: 'doomed', key: object.key } }
      await postponeCollection(tx, 'object', input.objectId, due)
      return { ok: { state: 'kept', key: null } }
    }
    const upload = await tx.one(heldByUpload, input.objectId)
    if (upload !== undefined) await postponeCollection(tx, 'object', input.objectId, Math.max(upload.expires_at, tx.now + 1))
    else if ((await tx.one(heldByBlob, input.objectId)) !== undefined) await endCollection(tx, 'object', input.objectId)
    else {
      await postponeCollection(tx, 'object', input.objectId, tx.now + input.drain)
      await doomObject(tx, input.objectId, input.drain)
    }
    return { ok: { state: 'kept', key: null } }
  },
)

const removeObject = statement(`delete from object where id = $1 and state = 'doomed'`)

/** The bytes are gone; so goes the row. */
export const forgetObject = transaction('forget object', async (tx: Tx, input: { readonly objectId: string }) => {
  await tx.run(removeObject, input.objectId)
  await endCollection(tx, 'object', input.objectId)
  return { ok: null }
})

/** How long a key waits whose step failed, so that those behind it have their turn. */
const pauseAfterFailure = 600_000

/** The step for this key failed: it is looked at again later. It may come later than a pusher asked for, never not at all. */
export const putOffCollection = transaction(
  'put off collection',
  async (tx: Tx, input: { readonly kind: QueueKind; readonly key: string }) => {
    await postponeCollection(tx, input.kind, input.key, tx.now + pauseAfterFailure)
    return { ok: null }
  },
)
