import { statement, transaction, type Refusal, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { putOffWhileHeld } from './hold-store.ts'
import { doomObject, insertObject, lockWritingObject, nameObject } from './object-store.ts'
import { endCollection, postponeCollection, queueCollection } from './queue-store.ts'
import { takeRepository } from './repository-store.ts'

/** Names an upload session and who uses it: one that belongs to another repository or actor does not exist. */
export interface UploadKey {
  readonly id: string
  readonly repository: string
  readonly identity: string | undefined
}

export interface UploadRow {
  readonly repository_id: number
  readonly owner: string
  readonly epoch: number
  readonly received: number
  readonly object_id: string | null
  readonly state: 'open' | 'finished'
  readonly digest: string | null
  readonly expires_at: number
}

const insert = statement(`
  insert into upload (id, repository_id, actor, owner, epoch, received, state, started_at, expires_at)
  values ($1, $2, $3, $4, 1, 0, 'open', $5, $6) on conflict (id) do nothing`)
const lock = statement<UploadRow>(`
  select u.repository_id, u.owner, u.epoch, u.received, u.object_id, u.state, u.digest, u.expires_at
  from upload u join repository r on r.id = u.repository_id
  where u.id = $1 and r.path = $2 and r.deleted_at is null and coalesce(u.actor, '') = coalesce($3, '')
  for update of u`)
const lockById = statement<UploadRow>(`
  select repository_id, owner, epoch, received, object_id, state, digest, expires_at from upload where id = $1 for update`)
const claim = statement('update upload set epoch = epoch + 1, owner = $2, expires_at = $3 where id = $1')
const advance = statement(`
  update upload set received = $2, head = $3, object_id = $4, expires_at = $5 where id = $1`)
const touch = statement(`update upload set expires_at = $3 where id = $1 and epoch = $2 and state = 'open'`)
const finish = statement(`
  update upload set state = 'finished', digest = $2, received = $3, head = null, object_id = null, expires_at = $4
  where id = $1`)
const removeParts = statement('delete from upload_part where upload_id = $1')
const remove = statement('delete from upload where id = $1')

export async function lockUpload(tx: Tx, key: UploadKey): Promise<UploadRow | Refusal> {
  const row = await tx.one(lock, key.id, key.repository, key.identity ?? null)
  return row ?? { refused: 'BLOB_UPLOAD_UNKNOWN' }
}

/** Ends a session whose blob is committed. Its row stays for a while: the same closing PUT again answers the same. */
export async function finishUpload(tx: Tx, id: string, digest: string, size: number, keepFor: number): Promise<void> {
  await tx.run(finish, id, digest, size, tx.now + keepFor)
  await queueCollection(tx, 'upload', id, tx.now + keepFor)
}

export const beginUpload = transaction(
  'begin upload',
  async (tx: Tx, input: UploadKey & { readonly actor: EventActor; readonly owner: string; readonly expiry: number }) => {
    const repository = await takeRepository(tx, input.repository)
    if ('refused' in repository) return repository
    const expiresAt = tx.now + input.expiry
    await tx.run(insert, input.id, repository.id, input.identity ?? null, input.owner, tx.now, expiresAt)
    await queueCollection(tx, 'upload', input.id, expiresAt)
    if (!repository.created) return { ok: null }
    const keys = { createdRepository: input.repository }
    return await record(tx, { kind: 'repository.create', actor: input.actor, repositoryId: repository.id, keys }, null)
  },
)

/**
 * Makes this process the one that writes on, into a new object. The session keeps its present bytes until the first
 * `advance upload` moves it to the new object, so that a crash in between loses nothing.
 */
export const claimUpload = transaction(
  'claim upload',
  async (
    tx: Tx,
    input: UploadKey & { readonly epoch: number; readonly owner: string; readonly objectId: string; readonly expiry: number },
  ) => {
    const upload = await lockUpload(tx, input)
    if ('refused' in upload) return upload
    const mine = upload.epoch === input.epoch + 1 && upload.owner === input.owner
    if (upload.state !== 'open' || (upload.epoch !== input.epoch && !mine)) return overtaken(input.id, upload)
    if (!mine) await tx.run(claim, input.id, input.owner, tx.now + input.expiry)
    await insertObject(tx, input.objectId, tx.now + input.expiry)
    return { ok: { epoch: input.epoch + 1 } }
  },
)

/** Acknowledges bytes: few of them in the row itself (`head`), many in the object that the claimant writes. */
export const advanceUpload = transaction(
  'advance upload',
  async (
    tx: Tx,
    input: UploadKey & {
      readonly epoch: number
      readonly from: number
      readonly to: number
      readonly bytes: { readonly head: Uint8Array } | { readonly objectId: string }
      readonly expiry: number
      readonly drain: number
    },
  ) => {
    const upload = await lockUpload(tx, input)
    if ('refused' in upload) return upload
    if (upload.state !== 'open' || upload.epoch !== input.epoch) return overtaken(input.id, upload)
    if (upload.received !== input.from && upload.received !== input.to) return overtaken(input.id, upload)
    const head = 'head' in input.bytes ? input.bytes.head : null
    const objectId = 'head' in input.bytes ? null : input.bytes.objectId
    if (objectId !== null && !(await lockWritingObject(tx, objectId))) return { refused: 'BLOB_UPLOAD_UNKNOWN' }
    if (upload.object_id !== null && upload.object_id !== objectId) await doomObject(tx, upload.object_id, input.drain)
    await tx.run(advance, input.id, input.to, head, objectId, tx.now + input.expiry)
    return { ok: null }
  },
)

/** Keeps a session and the object it writes alive while bytes arrive slowly. */
export const touchUpload = transaction(
  'touch upload',
  async (tx: Tx, input: { readonly id: string; readonly epoch: number; readonly objectId: string; readonly expiry: number }) => {
    const expiresAt = tx.now + input.expiry
    if ((await tx.run(touch, input.id, input.epoch, expiresAt)) === 0) return { refused: 'BLOB_UPLOAD_UNKNOWN' }
    await postponeCollection(tx, 'object', input.objectId, expiresAt)
    return { ok: null }
  },
)

/** The final key goes into the row before the file gets that name: a kill in between leaves no file without a row. */
export const nameUploadObject = transaction(
  'name upload object',
  async (tx: Tx, input: { readonly objectId: string; readonly key: string }) =>
    (await nameObject(tx, input.objectId, input.key)) ? { ok: null } : { refused: 'BLOB_UPLOAD_UNKNOWN' },
)

/** Ends a session without a blob. `written` is an object of this session that no `advance upload` has told the row of. */
export const cancelUpload = transaction(
  'cancel upload',
  async (tx: Tx, input: UploadKey & { readonly written: string | undefined; readonly drain: number }) => {
    const upload = await lockUpload(tx, input)
    if ('refused' in upload) return upload
    if (upload.state !== 'open') return { refused: 'BLOB_UPLOAD_UNKNOWN' }
    await removeUpload(tx, input.id, upload, input.drain)
    if (input.written !== undefined && input.written !== upload.object_id) await doomObject(tx, input.written, input.drain)
    return { ok: null }
  },
)

/** The collector's step for an upload: removes it when it has expired, however far it came. */
export const expireUpload = transaction('expire upload', async (tx: Tx, input: { readonly id: string; readonly drain: number }) => {
  if (await putOffWhileHeld(tx, 'upload', input.id)) return { ok: 'held' as const }
  const upload = await tx.one(lockById, input.id)
  if (upload === undefined) {
    await endCollection(tx, 'upload', input.id)
    return { ok: 'gone' as const }
  }
  if (upload.expires_at > tx.now) {
    await postponeCollection(tx, 'upload', input.id, upload.expires_at)
    return { ok: 'kept' as const }
  }
  await removeUpload(tx, input.id, upload, input.drain)
  return { ok: 'removed' as const }
})

async function removeUpload(tx: Tx, id: string, upload: UploadRow, drain: number): Promise<void> {
  await tx.run(removeParts, id)
  await tx.run(remove, id)
  if (upload.object_id !== null) await doomObject(tx, upload.object_id, drain)
  await endCollection(tx, 'upload', id)
}

function overtaken(id: string, upload: UploadRow): Refusal {
  return { refused: 'RANGE_INVALID', detail: { id, offset: upload.received } }
}
