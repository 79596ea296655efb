import { statement, transaction, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { blobIsWhole, holdBlob, keepContent, takeBlob, type BlobRow } from './link-store.ts'
import { doomObject } from './object-store.ts'
import type { MayCreate } from './ports.ts'
import { takeRepository } from './repository-store.ts'
import { begunEpoch, finishUpload, lockUpload, type UploadKey, type UploadRow } from './upload-transactions.ts'
import { linkKey, queueCollection } from './queue-store.ts'

/** How long a finished upload still answers its closing PUT. */
const finishedUploadStays = 3_600_000

const hasContent = statement<{ one: number }>('select 1 as one from content where blob_id = $1')
const lockObject = statement<{ state: string }>('select state from object where id = $1 for update')
const enliven = statement(`update object set state = 'live', key = $2, stored_size = $3, since = $4 where id = $1 and state = 'writing'`)
const pointBlob = statement('update blob set object_id = $2 where id = $1')

export interface CommitBlobInput extends UploadKey {
  readonly actor: EventActor
  readonly may: MayCreate
  readonly epoch: number
  readonly digest: string
  readonly size: number
  /** Few bytes are a row; many are an object, already durable under its key. */
  readonly bytes: { readonly inline: Uint8Array } | { readonly objectId: string; readonly key: string }
  /** The object this digest had a moment ago, found whole in its store. */
  readonly evidence: { readonly objectId: string } | undefined
  readonly lease: number
  readonly drain: number
}

/** The bytes are verified and durable; this makes them exist. */
export const commitBlob = transaction('commit blob', async (tx: Tx, input: CommitBlobInput) => {
  const repository = await takeRepository(tx, input.repository, input.may)
  if ('refused' in repository) return repository
  // Bytes that came with the closing request alone need no session: whoever sends them again ends with the same blob.
  const upload = input.epoch === begunEpoch ? undefined : await lockUpload(tx, input)
  if (upload !== undefined) {
    if ('refused' in upload) return upload
    if (upload.state === 'finished') {
      return upload.digest === input.digest ? { ok: { repository: repository.id } } : { refused: 'BLOB_UPLOAD_UNKNOWN' }
    }
    if (upload.epoch !== input.epoch) return { refused: 'BLOB_UPLOAD_INVALID' }
  }
  const blob = await takeBlob(tx, repository.domainId, input.digest, input.size)
  let kept: KeptObject = 'first'
  if ('inline' in input.bytes) await keepContent(tx, blob.id, input.bytes.inline)
  else kept = await keepObject(tx, blob, { ...input, ...input.bytes })
  if (kept === 'lost') return { refused: 'BLOB_UPLOAD_UNKNOWN' }
  const trash = await holdBlob(tx, repository.id, { id: blob.id, digest: input.digest }, tx.now + input.lease)
  if (upload !== undefined) await endSession(tx, upload, input)
  // A replaced object changes what every repository with this blob is served from.
  const kind = kept === 'replaced' ? 'blob.replace' : 'blob.commit'
  const keys = { digest: input.digest, ...trash, ...repository.created }
  return await record(tx, { kind, actor: input.actor, repositoryId: repository.id, keys }, { repository: repository.id })
})

/** The session stays as finished for a while; an object of it that the blob is not kept in goes. */
async function endSession(tx: Tx, { object_id: written }: UploadRow, { id, digest, size, bytes, drain }: CommitBlobInput): Promise<void> {
  await finishUpload(tx, id, digest, size, finishedUploadStays)
  if (written !== null && !('objectId' in bytes && bytes.objectId === written)) await doomObject(tx, written, drain)
}

interface NewObject {
  readonly objectId: string
  readonly key: string
  readonly size: number
  readonly evidence: { readonly objectId: string } | undefined
  readonly drain: number
}

/** `lost`: ours was given up meanwhile, because its upload seemed abandoned. */
type KeptObject = 'first' | 'present' | 'replaced' | 'lost'

/** One of two equal objects stays: the present one if it was just seen whole and still stands, else ours, which heals it. */
async function keepObject(tx: Tx, blob: BlobRow, ours: NewObject): Promise<KeptObject> {
  const present = blob.object_id
  if ((await tx.one(hasContent, blob.id)) !== undefined || (await stillStands(tx, present, ours.evidence))) {
    await doomObject(tx, ours.objectId, ours.drain)
    return 'present'
  }
  if ((await tx.run(enliven, ours.objectId, ours.key, ours.size, tx.now)) === 0) return 'lost'
  await tx.run(pointBlob, blob.id, ours.objectId)
  if (present === null) return 'first'
  await doomObject(tx, present, ours.drain)
  return 'replaced'
}

async function stillStands(tx: Tx, present: string | null, evidence: { readonly objectId: string } | undefined): Promise<boolean> {
  if (present === null || evidence?.objectId !== present) return false
  return (await tx.one(lockObject, present))?.state === 'live'
}

// Locks the blob alone: a pusher needs it to stay, the source's link may go.
const lockHeldBlob = statement<{ id: number; namespace_id: number }>(`
  select b.id, r.namespace_id from blob b
  join link l on l.blob_id = b.id and l.deleted_at is null
  join repository r on r.id = l.repository_id and r.path = $2 and r.deleted_at is null and r.state <> 'deleting'
  join namespace n on n.id = r.namespace_id and n.deleted_at is null and n.state <> 'deleting'
  left join object o on o.id = b.object_id
  where b.domain_id = $3 and b.digest = $1
    and ${blobIsWhole}
  for key share of b`)

export interface MountBlobInput {
  readonly repository: string
  /** The actor may pull from it: asked before. */
  readonly from: string
  /** Id of the project for which that was answered; absent: any. */
  readonly fromProject?: number | undefined
  readonly digest: string
  readonly actor: EventActor
  readonly may: MayCreate
  readonly lease: number
}

export const mountBlob = transaction('mount blob', async (tx: Tx, input: MountBlobInput) => {
  const repository = await takeRepository(tx, input.repository, input.may)
  if ('refused' in repository) return repository
  const blob = await tx.one(lockHeldBlob, input.digest, input.from, repository.domainId)
  if (blob === undefined || (input.fromProject ?? blob.namespace_id) !== blob.namespace_id) return { refused: 'BLOB_UNKNOWN' }
  const trash = await holdBlob(tx, repository.id, { id: blob.id, digest: input.digest }, tx.now + input.lease)
  const keys = { digest: input.digest, from: input.from, ...trash, ...repository.created }
  return await record(tx, { kind: 'blob.mount', actor: input.actor, repositoryId: repository.id, keys }, null)
})

const renew = statement<{ blob_id: number }>(`
  update link set lease_until = case when $3 > lease_until then $3 else lease_until end
  where repository_id = $1 and blob_id = $2 and deleted_at is null returning blob_id`)

/** A HEAD answered 200 lets a client skip its upload, so the lease must cover the manifest put that follows. */
export const renewLease = transaction(
  'renew lease',
  async (tx: Tx, input: { readonly repositoryId: number; readonly blobId: number; readonly lease: number }) => {
    const until = tx.now + input.lease
    if ((await tx.one(renew, input.repositoryId, input.blobId, until)) === undefined) return { refused: 'BLOB_UNKNOWN' }
    await queueCollection(tx, 'link', linkKey(input.repositoryId, input.blobId), until)
    return { ok: null }
  },
)

const markObject = statement(`update object set state = 'damaged', since = $2 where id = $1 and state = 'live'`)

/** A reader found bytes that do not match their row: the blob counts as missing until it is pushed again. */
export const markDamaged = transaction(
  'mark damaged',
  async (tx: Tx, input: { readonly objectId: string; readonly digest: string; readonly finding: string }) => {
    if ((await tx.run(markObject, input.objectId, tx.now)) === 0) return { ok: false }
    const keys = { object: input.objectId, digest: input.digest, finding: input.finding }
    return await record(tx, { kind: 'object.damaged', actor: undefined, repositoryId: undefined, keys }, true)
  },
)
