import { statement, transaction, type Refusal, type Tx } from '../database/index.ts'
import { record, type Event, type EventActor } from '../record/index.ts'
import { putOffWhileHeld } from './hold-store.ts'
import { doomObject, insertObject, lockWritingObject, nameObject } from './object-store.ts'
import { endCollection, postponeCollection, queueCollection } from './queue-store.ts'
import type { MayCreate } from './ports.ts'
import { renamedPath, takeRepository, type LockedRepository } from './repository-store.ts'

/** Names an upload session and who uses it: one that belongs to another repository or actor does not exist. */
export interface UploadKey {
  readonly id: string
  readonly repository: string
  /** Whose it is: `owner` of the actor. */
  readonly identity: string | undefined
}

/** Of a session that was begun and has no row yet: nothing was written in it. Its row has epoch 1 at first. */
export const begunEpoch = 0

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
const headOf = statement<{ readonly head: Uint8Array | null }>('select head from upload where id = $1')
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
  const lockIn = async (path: string) => await tx.one(lock, key.id, path, key.identity ?? null)
  const row = await lockIn(key.repository)
  if (row !== undefined) return row
  const renamed = await renamedPath(tx, key.repository)
  return (renamed && (await lockIn(renamed))) || { refused: 'BLOB_UPLOAD_UNKNOWN' }
}

/** Ends a session whose blob is committed. Its row stays for a while: the same closing PUT again answers the same. */
export async function finishUpload(tx: Tx, id: string, digest: string, size: number, keepFor: number): Promise<void> {
  await tx.run(finish, id, digest, size, tx.now + keepFor)
  await queueCollection(tx, 'upload', id, tx.now + keepFor)
}

/** What the first transaction of a session needs to make its row. */
interface SessionWrite extends UploadKey {
  readonly actor: EventActor
  readonly may: MayCreate
  readonly epoch: number
  readonly owner: string
  readonly expiry: number
}

/** Locks the row of a session, made when nothing was written in it before. `created`: the repository came with it. */
async function openUpload(
  tx: Tx,
  input: SessionWrite,
): Promise<{ readonly upload: UploadRow; readonly created: Event | undefined } | Refusal> {
  let created: Event | undefined
  if (input.epoch === begunEpoch) {
    const repository = await takeRepository(tx, input.repository, input.may)
    if ('refused' in repository) return repository
    if (repository.created.createdRepository !== undefined) created = repositoryCreated(repository, input.actor)
    const expiresAt = tx.now + input.expiry
    await tx.run(insert, input.id, repository.id, input.identity ?? null, input.owner, tx.now, expiresAt)
    await queueCollection(tx, 'upload', input.id, expiresAt)
  }
  const upload = await lockUpload(tx, input)
  return 'refused' in upload ? upload : { upload, created }
}

function repositoryCreated({ id, created }: LockedRepository, actor: EventActor): Event {
  return { kind: 'repository.create', actor, repositoryId: id, keys: { ...created } }
}

async function recordCreated<Result>(tx: Tx, created: Event | undefined, result: Result): Promise<{ ok: Result }> {
  return created === undefined ? { ok: result } : await record(tx, created, result)
}

/**
 * Makes this process the one that writes on, into a new object. The session keeps its present bytes until the first
 * `advance upload` moves it to the new object, so that a crash in between loses nothing.
 */
export const claimUpload = transaction(
  'claim upload',
  async (tx: Tx, input: SessionWrite & { readonly objectId: string }) => {
    const opened = await openUpload(tx, input)
    if ('refused' in opened) return opened
    const { upload, created } = opened
    const mine = upload.epoch === input.epoch + 1 && upload.owner === input.owner
    if (upload.state !== 'open' || (upload.epoch !== input.epoch && !mine)) return overtaken(input.id, upload)
    if (!mine) await tx.run(claim, input.id, input.owner, tx.now + input.expiry)
    await insertObject(tx, input.objectId, tx.now + input.expiry)
    return await recordCreated(tx, created, { epoch: input.epoch + 1 })
  },
)

/** Acknowledges bytes: few of them in the row itself (`head`), many in the object that the claimant writes. */
export const advanceUpload = transaction(
  'advance upload',
  async (
    tx: Tx,
    input: SessionWrite & {
      readonly from: number
      readonly to: number
      readonly bytes: { readonly head: Uint8Array } | { readonly objectId: string }
      readonly drain: number
    },
  ) => {
    const opened = await openUpload(tx, input)
    if ('refused' in opened) return opened
    const { upload, created } = opened
    if (upload.state !== 'open' || upload.epoch !== Math.max(input.epoch, 1)) return overtaken(input.id, upload)
    const head = 'head' in input.bytes ? input.bytes.head : null
    const objectId = 'head' in input.bytes ? null : input.bytes.objectId
    if (upload.received !== input.from && !(await holdsAlready(tx, upload, input, head, objectId))) return overtaken(input.id, upload)
    if (objectId !== null && !(await lockWritingObject(tx, objectId))) return { refused: 'BLOB_UPLOAD_UNKNOWN' }
    if (upload.object_id !== null && upload.object_id !== objectId) await doomObject(tx, upload.object_id, input.drain)
    await tx.run(advance, input.id, input.to, head, objectId, tx.now + input.expiry)
    return await recordCreated(tx, created, null)
  },
)

/** Whether this was committed before and only its answer was lost. As many bytes of another process are not these. */
async function holdsAlready(
  tx: Tx,
  upload: UploadRow,
  { id, to }: { readonly id: string; readonly to: number },
  head: Uint8Array | null,
  objectId: string | null,
): Promise<boolean> {
  if (upload.received !== to || upload.object_id !== objectId) return false
  if (head === null) return true
  const stored = await tx.one(headOf, id)
  return Buffer.compare(stored?.head ?? Buffer.alloc(0), head) === 0
}

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

export interface CancelUploadInput extends UploadKey {
  /** An object of this session that no `advance upload` has told the row of. */
  readonly written: string | undefined
  /** Ms for which it stays known that the session was ended: as long as its name would be good. */
  readonly forget: number
  readonly drain: number
}

/** Ends a session without a blob. Its entry in the collector's queue stays for a while, and says that it was ended. */
export const cancelUpload = transaction('cancel upload', async (tx: Tx, input: CancelUploadInput) => {
  // Its row first, whoever's it is: one that is made meanwhile must not be missed by the first question and met by the second.
  const there = await tx.one(lockById, input.id)
  const upload = there && (await lockUpload(tx, input))
  if (upload !== undefined && 'refused' in upload) return upload
  if (upload?.state === 'finished') return { refused: 'BLOB_UPLOAD_UNKNOWN' }
  if (upload !== undefined) await removeUpload(tx, input.id, upload, input.drain)
  if (input.written !== undefined && input.written !== upload?.object_id) await doomObject(tx, input.written, input.drain)
  if (input.forget > 0) await queueCollection(tx, 'upload', input.id, tx.now + input.forget)
  return { ok: null }
})

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
  await endCollection(tx, 'upload', input.id)
  return { ok: 'removed' as const }
})

async function removeUpload(tx: Tx, id: string, upload: UploadRow, drain: number): Promise<void> {
  await tx.run(removeParts, id)
  await tx.run(remove, id)
  if (upload.object_id !== null) await doomObject(tx, upload.object_id, drain)
}

function overtaken(id: string, upload: UploadRow): Refusal {
  return { refused: 'RANGE_INVALID', detail: { id, offset: upload.received } }
}
