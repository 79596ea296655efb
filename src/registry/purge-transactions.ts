import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { removeLockedManifest } from './delete-transactions.ts'
import { isHeld } from './hold-store.ts'
import { isReferenced, releaseBlob } from './link-store.ts'
import { lockPlace, lockRepository } from './repository-store.ts'
import { placeInTrash, postponePurge, takeOut, trashById, type TrashRow } from './trash-store.ts'

// Its blob as well, which is queued: the collector would otherwise see this manifest still hold it, and end the entry.
const lockHidden = statement<{ blob_id: number }>(`
  select m.blob_id from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.digest = $2 and m.deleted_at is not null for update of m for key share of b`)
const lockBlob = statement<{ id: number }>('select id from blob where domain_id = $1 and digest = $2 for key share')
const lockHiddenLink = statement<{ blob_id: number }>(`
  select blob_id from link where repository_id = $1 and blob_id = $2 and deleted_at is not null for update`)

/** The repository in which something is purged. */
interface Place {
  readonly id: number
  readonly domainId: number
}

interface Purging {
  readonly row: TrashRow
  readonly place: Place
  /** Absent where the collector does it. */
  readonly actor: EventActor | undefined
  /** How long the children of a manifest stay for a push that counts on them, in ms. */
  readonly lease: number
}

const gone: Refusal = Object.freeze({ refused: 'TRASH_UNKNOWN' })

export interface PurgeTrashInput {
  readonly id: number
  /** Id of the project in which it was allowed; absent: in any. */
  readonly project?: number | undefined
  readonly actor: EventActor
  readonly lease: number
}

/** Ends what is in the trash before its time: from now on it is as if it had been deleted without one. */
export const purgeTrash = transaction('purge trash', async (tx: Tx, input: PurgeTrashInput) => {
  const row = await tx.one(trashById, input.id)
  if (row === undefined) return gone
  const repository = await lockRepository(tx, row.path, input.project)
  if ('refused' in repository) return (await placeInTrash(tx, row)) ?? repository
  if (repository.id !== row.repository_id) return (await placeInTrash(tx, row)) ?? gone
  return await purge(tx, { ...input, row, place: repository })
})

/** `held`: nothing is collected now. `kept`: it is not due. `gone`: somebody was faster. */
export type CollectedTrash = 'purged' | 'held' | 'kept' | 'gone'

/** The collector's step for what is in the trash: ends it once its time has come, whatever the state of its repository. */
export const collectTrash = transaction(
  'collect trash',
  async (tx: Tx, input: { readonly id: number; readonly lease: number }): Promise<Outcome<CollectedTrash>> => {
    if (await isHeld(tx)) return { ok: 'held' }
    const row = await tx.one(trashById, input.id)
    if (row === undefined) return { ok: 'gone' }
    if (row.purge_at > tx.now) return { ok: 'kept' }
    const place = row.repository_id === null ? undefined : await lockPlace(tx, row.repository_id)
    if (place === undefined) return { ok: 'kept' }
    const purged = await purge(tx, { row, place, actor: undefined, lease: input.lease })
    if ('ok' in purged) return purged
    // What it names is not hidden: a row that says nothing must not come due again and again.
    await takeOut(tx, input.id)
    return { ok: 'gone' }
  },
)

/** How long something waits whose purge failed, so that what is due after it has its turn. */
const pauseAfterFailure = 600_000

/** The step for it failed: it comes later. */
export const putOffPurge = transaction('put off purge', async (tx: Tx, input: { readonly id: number }) => {
  await tx.run(postponePurge, input.id, tx.now + pauseAfterFailure)
  return { ok: null }
})

async function purge(tx: Tx, purging: Purging): Promise<Outcome<CollectedTrash>> {
  switch (purging.row.kind) {
    case 'tag':
      return await purgeTag(tx, purging)
    case 'manifest':
      return await purgeManifest(tx, purging)
    case 'blob':
      return await purgeBlob(tx, purging)
    case 'repository':
    case 'project':
      return gone
  }
}

async function purgeTag(tx: Tx, purging: Purging): Promise<Outcome<CollectedTrash>> {
  const { id, tag, digest } = purging.row
  if (!(await takeOut(tx, id))) return gone
  return await note(tx, purging, { tags: [tag], digest })
}

async function purgeManifest(tx: Tx, purging: Purging): Promise<Outcome<CollectedTrash>> {
  const { row, place, lease } = purging
  const digest = digestOf(row)
  const manifest = await tx.one(lockHidden, place.id, digest)
  if (manifest === undefined || !(await takeOut(tx, row.id))) return gone
  // What a rule took had nothing that named it: what it named had no more since then.
  const namedUntil = row.cause === 'rule' ? row.deleted_at : tx.now
  const children = await removeLockedManifest(tx, place, { digest, blobId: manifest.blob_id }, tx.now + lease, namedUntil)
  return await note(tx, purging, { digest, children })
}

/** While a manifest refers to it, it stays hidden, as where there is no trash. */
async function purgeBlob(tx: Tx, purging: Purging): Promise<Outcome<CollectedTrash>> {
  const { row, place } = purging
  const digest = digestOf(row)
  const blob = await tx.one(lockBlob, place.domainId, digest)
  if (blob === undefined || (await tx.one(lockHiddenLink, place.id, blob.id)) === undefined || !(await takeOut(tx, row.id))) return gone
  if (!(await isReferenced(tx, place.id, digest))) await releaseBlob(tx, place.id, blob.id)
  return await note(tx, purging, { digest })
}

async function note(tx: Tx, { row, place, actor }: Purging, keys: object): Promise<{ ok: CollectedTrash }> {
  const event = { kind: `${row.kind}.purge`, actor, repositoryId: place.id, keys: { ...keys, before: 'trash', after: null, trash: row.id } }
  return await record(tx, event, 'purged' as const)
}

function digestOf({ id, digest }: TrashRow): string {
  if (digest === null) throw new Error(`what is in the trash as ${id} has no digest`)
  return digest
}
