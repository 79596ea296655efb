import type { Database, Outcome } from '../database/index.ts'
import { createKeyedLock, createLru, type Ids, type Lru } from '../lib/index.ts'
import { digestAlgorithm, namespaceOf, RegistryError, type Digest, type RepositoryName } from '../oci/index.ts'
import type { BlobStore } from '../storage/index.ts'
import type { Actor } from './actor.ts'
import { admit } from './admission.ts'
import { commitBlob, mountBlob, type CommitBlobInput } from './blob-transactions.ts'
import { holdersOfDigest, objectOfDigest } from './existence-store.ts'
import { resultOf } from './failure.ts'
import type { Authorize } from './ports.ts'
import type { UploadBody, Uploads, UploadStatus } from './registry.ts'
import type { RegistrySettings } from './settings.ts'
import { findUpload, type OpenUploadRow } from './upload-store.ts'
import { advanceUpload, beginUpload, cancelUpload, nameUploadObject, type UploadKey } from './upload-transactions.ts'
import type { Received, UploadWriter } from './upload-writer.ts'

export interface UploadDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly ids: Ids
  readonly authorize: Authorize
  readonly settings: RegistrySettings
  readonly writer: UploadWriter
  readonly owner: string
}

interface SessionDeps extends UploadDeps {
  /** Sessions that nothing has been sent to since this process began them: most end with the next request. */
  readonly begun: Lru<string, OpenUploadRow>
}

const begunSessions = 4096

export function createUploads(uploadDeps: UploadDeps): Uploads {
  const deps: SessionDeps = { ...uploadDeps, begun: createLru({ capacity: begunSessions }) }
  const { authorize } = deps
  // One body at a time per session: whoever comes second waits until the first has ended, and is then judged by what it left.
  const sessions = createKeyedLock()
  const push = (actor: Actor, repository: RepositoryName): Promise<void> => admit(authorize, actor, 'push', repository)

  return {
    begin: async (actor, repository) => {
      await push(actor, repository)
      return await beginSession(deps, actor, repository)
    },
    mount: async (actor, repository, digest, from) => {
      await push(actor, repository)
      return await mountFromAny(deps, actor, repository, digest, from)
    },
    status: async (actor, repository, id) => {
      await push(actor, repository)
      return { id, offset: open(await read(deps, keyOf(actor, repository, id))).received }
    },
    append: async (actor, repository, id, body) => {
      await push(actor, repository)
      return await sessions.run(id, () => appendToSession(deps, keyOf(actor, repository, id), body))
    },
    finish: async (actor, repository, id, digest, body) => {
      await push(actor, repository)
      await sessions.run(id, () => finishSession(deps, actor, keyOf(actor, repository, id), digest, body))
    },
    pushWhole: async (actor, repository, digest, body) => {
      await push(actor, repository)
      await pushWhole(deps, actor, repository, digest, body)
    },
    cancel: async (actor, repository, id) => {
      await push(actor, repository)
      await sessions.run(id, async () => resultOf(await cancelSession(deps, keyOf(actor, repository, id))))
    },
  }
}

async function beginSession(
  { database, ids, settings, owner, begun }: SessionDeps,
  actor: Actor,
  repository: RepositoryName,
): Promise<UploadStatus> {
  const key = keyOf(actor, repository, ids.uuid())
  resultOf(await database.transact(beginUpload, { ...key, actor: eventActor(actor), owner, expiry: settings.uploadExpiry }))
  // Where other processes serve the same database, one of them may be sent the next body.
  if (database.version !== undefined) begun.set(sessionName(key), { ...justBegun, owner })
  return { id: key.id, offset: 0 }
}

async function cancelSession({ database, settings }: UploadDeps, key: UploadKey): Promise<Outcome<null>> {
  return await database.transact(cancelUpload, { ...key, written: undefined, drain: settings.drain })
}

/** One call, one session that the client never learns of. */
async function pushWhole(deps: SessionDeps, actor: Actor, repository: RepositoryName, digest: Digest, body: UploadBody): Promise<void> {
  const key = keyOf(actor, repository, (await beginSession(deps, actor, repository)).id)
  try {
    await finishSession(deps, actor, key, digest, body)
  } catch (error) {
    // Where it can't be removed now (disk full), its expiry removes it.
    await cancelSession(deps, key).catch(() => undefined)
    throw error
  }
}

async function appendToSession(deps: SessionDeps, key: UploadKey, body: UploadBody): Promise<UploadStatus> {
  const row = open(await find(deps, key, body))
  checkStart(key, row, body)
  const received = await deps.writer.receive(key, row, body, 'sha256')
  await acknowledge(deps, key, row, received)
  if (!received.end.whole) throw cutOff(key, received)
  return { id: key.id, offset: received.size }
}

/** A PUT that ends a session may come a second time, when its answer was lost: it answers the same. */
async function finishSession(deps: SessionDeps, actor: Actor, key: UploadKey, digest: Digest, body: UploadBody): Promise<void> {
  const row = await find(deps, key, body)
  if (row.state === 'finished') {
    if (row.digest === digest) return
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  }
  checkStart(key, row, body)
  const algorithm = digestAlgorithm(digest)
  const received = await deps.writer.receive(key, row, body, algorithm)
  if (!received.end.whole) {
    await acknowledge(deps, key, row, received)
    throw cutOff(key, received)
  }
  const actual = await deps.writer.digest(received, algorithm)
  if (actual !== digest) await rejectContent(deps, key, received, digest, actual)
  await commit(deps, actor, key, digest, received)
}

async function acknowledge({ database, writer, settings }: UploadDeps, key: UploadKey, row: OpenUploadRow, received: Received) {
  const { epoch, size, bytes } = received
  const { uploadExpiry: expiry, drain } = settings
  resultOf(await database.transact(advanceUpload, { ...key, epoch, from: row.received, to: size, bytes, expiry, drain }))
  writer.remember(key.id, received)
}

async function rejectContent(
  { database, settings }: UploadDeps,
  key: UploadKey,
  received: Received,
  expected: Digest,
  actual: Digest,
): Promise<never> {
  const written = 'objectId' in received.bytes ? received.bytes.objectId : undefined
  resultOf(await database.transact(cancelUpload, { ...key, written, drain: settings.drain }))
  throw new RegistryError('DIGEST_INVALID', {
    message: `the ${received.size} bytes sent have the digest ${actual}, not ${expected}; the upload was dropped, start a new one`,
    detail: { expected, actual },
  })
}

async function commit(deps: UploadDeps, actor: Actor, key: UploadKey, digest: Digest, received: Received): Promise<void> {
  const { database, store, settings } = deps
  const { lease, drain } = settings
  const { epoch, size } = received
  const input = { ...key, actor: eventActor(actor), epoch, digest, size, lease, drain }
  if ('head' in received.bytes) {
    return void resultOf(await database.transact(commitBlob, { ...input, bytes: { inline: received.bytes.head }, evidence: undefined }))
  }
  const { objectId } = received.bytes
  const objectKey = store.finishedKey(objectId, digest)
  resultOf(await database.transact(nameUploadObject, { objectId, key: objectKey }))
  const evidence = await presentObject(deps, key.repository, digest)
  await store.commit(objectId, objectKey, size)
  resultOf(await database.transact(commitBlob, { ...input, bytes: { objectId, key: objectKey }, evidence }))
}

/** The object that holds this digest already, if its bytes are all there: then the new copy is not needed. */
async function presentObject({ database, store }: UploadDeps, repository: string, digest: Digest): Promise<CommitBlobInput['evidence']> {
  const present = await database.one(objectOfDigest, repository, digest)
  if (present === undefined) return undefined
  const stored = await store.stat(present.key)
  return stored?.size === present.size ? { objectId: present.object_id } : undefined
}

async function mountFromAny(
  { database, authorize, settings }: UploadDeps,
  actor: Actor,
  repository: RepositoryName,
  digest: Digest,
  from: RepositoryName | undefined,
): Promise<boolean> {
  const sources = from === undefined ? (await database.all(holdersOfDigest, digest)).map(({ path }) => path as RepositoryName) : [from]
  for (const source of sources) {
    const decision = await authorize({ actor, action: 'pull', namespace: namespaceOf(source), repository: source })
    if (!decision.allowed) continue
    const input = { repository, from: source, digest, actor: eventActor(actor), lease: settings.lease }
    const outcome = await database.transact(mountBlob, input)
    if ('ok' in outcome) return true
    if (outcome.refused !== 'BLOB_UNKNOWN') resultOf(outcome)
  }
  return false
}

const justBegun = { epoch: 1, received: 0, object_id: null, object_key: null, head: null, state: 'open', digest: null } as const

const sessionName = ({ id, repository, identity }: UploadKey): string => `${id} ${repository} ${identity ?? ''}`

/**
 * What memory says of a session that was just begun spares a read; the transaction that follows goes by the row itself. A body
 * that does not fit is refused before any transaction, so for that the row is asked: the session may be gone.
 */
async function find(deps: SessionDeps, key: UploadKey, body: UploadBody): Promise<OpenUploadRow> {
  const begun = deps.begun.get(sessionName(key))
  deps.begun.delete(sessionName(key))
  return begun !== undefined && startsAt(begun.received, body) ? begun : await read(deps, key)
}

function startsAt(received: number, { range }: UploadBody): boolean {
  return range === undefined || range.first === received
}

async function read({ database }: SessionDeps, key: UploadKey): Promise<OpenUploadRow> {
  const row = await database.one(findUpload, key.id, key.repository, key.identity ?? null)
  if (row === undefined) throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  return row
}

function open(row: OpenUploadRow): OpenUploadRow {
  if (row.state !== 'open') throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  return row
}

/** A body that does not begin where the last one ended is refused before anything is touched: the session lives on. */
function checkStart(key: UploadKey, row: OpenUploadRow, body: UploadBody): void {
  if (startsAt(row.received, body)) return
  throw new RegistryError('RANGE_INVALID', {
    message: `this upload has ${row.received} bytes, so the next one is number ${row.received}, not ${body.range?.first}`,
    detail: { id: key.id, offset: row.received },
  })
}

function cutOff({ id }: UploadKey, received: Received): RegistryError {
  return new RegistryError('SIZE_INVALID', {
    message: `the body was cut off; the upload has ${received.size} bytes now: ask for its status and go on from there`,
    detail: { id, offset: received.size },
    cause: received.end.whole ? undefined : received.end.cause,
  })
}

function keyOf(actor: Actor, repository: RepositoryName, id: string): UploadKey {
  return { id, repository, identity: actor.identity }
}

function eventActor({ identity, address }: Actor): CommitBlobInput['actor'] {
  return { identity, address }
}
