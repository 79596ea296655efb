import { statement, type Tx } from '../database/index.ts'
import { linkKey, queueCollection } from './queue-store.ts'
import { takeOutOf, type OutOfTrash } from './trash-store.ts'

export interface HeldBlob {
  readonly id: number
  readonly digest: string
}

export interface BlobRow {
  readonly id: number
  readonly object_id: string | null
}

// The update changes nothing: it locks the row and returns it, also when another transaction inserts it at this moment
// (DO NOTHING would return no row then).
const take = statement<BlobRow>(`
  insert into blob (domain_id, digest, size) values ($1, $2, $3)
  on conflict (domain_id, digest) do update set size = blob.size
  returning id, object_id`)
// Bytes that went bad in the database are healed by whoever brings the right ones.
const insertContent = statement(`
  insert into content (blob_id, bytes) values ($1, $2)
  on conflict (blob_id) do update set bytes = excluded.bytes where content.bytes <> excluded.bytes`)
// Whether it was deleted is answered, so that nothing more has to be done for the many that were not.
const upsertLink = statement<{ deleted_at: number | null }>(`
  insert into link (repository_id, blob_id, lease_until) values ($1, $2, $3)
  on conflict (repository_id, blob_id) do update
  set lease_until = case when excluded.lease_until > link.lease_until then excluded.lease_until else link.lease_until end
  returning deleted_at`)
const showLink = statement('update link set deleted_at = null where repository_id = $1 and blob_id = $2')

const referenced = statement<{ one: number }>(`
  select 1 as one from reference where repository_id = $1 and child_digest = $2 limit 1`)
const removeLink = statement('delete from link where repository_id = $1 and blob_id = $2')

/**
 * Of a blob `b` and its object `o`, if it has one: whether its bytes can be served. A damaged object makes a blob count as
 * missing wherever that is asked.
 */
export const blobIsWhole = `(o.state = 'live' or exists (select 1 from content c where c.blob_id = b.id))`

/** The blob of this digest, new or present, locked against the collector until the transaction ends. */
export async function takeBlob(tx: Tx, domainId: number, digest: string, size: number): Promise<BlobRow> {
  const row = await tx.one(take, domainId, digest, size)
  if (row === undefined) throw new Error(`no blob row for ${digest}`)
  return row
}

export async function keepContent(tx: Tx, blobId: number, bytes: Uint8Array): Promise<void> {
  await tx.run(insertContent, blobId, bytes)
}

/** "This repository holds this blob", for now because of a lease. The caller holds a lock on the blob. Takes it out of the trash. */
export async function holdBlob(tx: Tx, repositoryId: number, blob: HeldBlob, leaseUntil: number): Promise<OutOfTrash> {
  const link = await tx.one(upsertLink, repositoryId, blob.id, leaseUntil)
  await queueCollection(tx, 'link', linkKey(repositoryId, blob.id), leaseUntil)
  if ((link?.deleted_at ?? null) === null) return {}
  await tx.run(showLink, repositoryId, blob.id)
  return await takeOutOf(tx, repositoryId, blob.digest, 'blob')
}

/** Whether a manifest of the repository, trash included, refers to the digest. */
export async function isReferenced(tx: Tx, repositoryId: number, digest: string): Promise<boolean> {
  return (await tx.one(referenced, repositoryId, digest)) !== undefined
}

/** The repository no longer holds the blob; whether anyone still does is for the collector to see. The caller has locked both. */
export async function releaseBlob(tx: Tx, repositoryId: number, blobId: number): Promise<void> {
  await tx.run(removeLink, repositoryId, blobId)
  await queueCollection(tx, 'blob', blobId, tx.now)
}
