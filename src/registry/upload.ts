import type { Database, Outcome } from '../database/index.ts'
import { createKeyedLock, createLru, type Clock, type Ids, type Lru, type Soon } from '../lib/index.ts'
import { digestAlgorithm, namespaceOf, RegistryError, type Digest, type RepositoryName } from '../oci/index.ts'
import type { BlobStore } from '../storage/index.ts'
import type { EventActor } from '../record/index.ts'
import type { Actor } from './actor.ts'
import { admit, pushEvidence, type DecidedOn } from './admission.ts'
import { commitBlob, mountBlob, type CommitBlobInput } from './blob-transactions.ts'
import { holdersOfDigest, objectOfDigest } from './existence-store.ts'
import { resultOf } from './failure.ts'
import { findUploadName } from './find-upload-name.ts'
import type { Authorize, EnsureRepository, MayCreate, Meter } from './ports.ts'
import type { UploadBody, Uploads, UploadStatus } from './registry.ts'
import type { RegistrySettings } from './settings.ts'
import { createUploadNames, type UploadName, type UploadNames } from './upload-name.ts'
import { findEnded, findUpload, type OpenUploadRow } from './upload-store.ts'
import { advanceUpload, begunEpoch, cancelUpload, nameUploadObject, type UploadKey } from './upload-transactions.ts'
import type { Received, UploadWriter } from './upload-writer.ts'
import { releasedUpload, type OtherWriters } from './written-elsewhere.ts'

export interface UploadDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly authorize: Authorize
  readonly ensureRepository: EnsureRepository
  readonly meter: Meter
  readonly settings: RegistrySettings
  readonly writer: UploadWriter
  readonly owner: string
  readonly otherWriters?: OtherWriters | undefined
}

interface SessionDeps extends UploadDeps {
  readonly names: UploadNames
  /** Sessions that nothing has been sent to since they were begun here: most end with the next request. */
  readonly begun: Lru<string, true>
}

/** A session as one caller may use it. */
interface Session {
  readonly key: UploadKey & { readonly actor: EventActor; readonly may: MayCreate }
  readonly caller: Actor
  readonly name: UploadName
  /** Ms for which the name must be known to be ended, once it is; 0 when nobody was told of it. */
  readonly forget: number
}

/** Who may push, to where. */
interface Admitted {
  readonly actor: Actor
  readonly repository: RepositoryName
  readonly project: DecidedOn
}

const begunSessions = 4096

export function createUploads(uploadDeps: UploadDeps): Uploads {
  const names = createUploadNames(uploadDeps.database.secret, uploadDeps)
  const deps: SessionDeps = { ...uploadDeps, names, begun: createLru({ capacity: begunSessions }) }
  // One body at a time per session: whoever comes second waits until the first has ended, and is then judged by what it left.
  const sessions = createKeyedLock()
  const push = (actor: Actor, repository: RepositoryName): Soon<DecidedOn> => admit(deps.authorize, actor, 'push', repository)
  const known = async (actor: Actor, repository: RepositoryName, text: string): Promise<Session> => {
    const project = await push(actor, repository)
    return await sessionOf(deps, { actor, repository, project }, text)
  }

  return {
    begin: async (actor, repository) => {
      await push(actor, repository)
      return beginSession(deps, actor, repository)
    },
    mount: async (actor, repository, digest, from) => {
      const project = await push(actor, repository)
      return await mountFromAny(deps, { actor, repository, project }, digest, from)
    },
    status: async (actor, repository, id) => {
      const session = await known(actor, repository, id)
      return { id, offset: open(await read(deps, session)).received }
    },
    append: async (actor, repository, id, body) => {
      const session = await known(actor, repository, id)
      return await sessions.run(session.key.id, () => appendToSession(deps, session, body))
    },
    finish: async (actor, repository, id, digest, body) => {
      const session = await known(actor, repository, id)
      await sessions.run(session.key.id, async () => finishSession(deps, session, await find(deps, session), digest, body))
    },
    pushWhole: async (actor, repository, digest, body) => {
      const project = await push(actor, repository)
      await pushWhole(deps, { actor, repository, project }, digest, body)
    },
    cancel: async (actor, repository, id) => {
      const session = await known(actor, repository, id)
      await sessions.run(session.key.id, () => endSession(deps, session))
    },
  }
}

/**
 * Nothing is written and nothing read: the name itself says that the session was begun. Whether the repository takes anything is
 * said before the first bytes are written.
 */
function beginSession({ database, names, begun }: SessionDeps, actor: Actor, repository: RepositoryName): UploadStatus {
  const { id, text } = names.issue(repository, ownerOf(actor))
  // Where others serve the same database, one of them may be sent the next body.
  if (!database.shared) begun.set(id, true)
  return { id: text, offset: 0 }
}

async function endSession(deps: SessionDeps, session: Session): Promise<void> {
  open(await find(deps, session))
  resultOf(await cancelSession(deps, session))
}

async function cancelSession({ database, settings }: UploadDeps, { key, forget }: Session): Promise<Outcome<null>> {
  return await database.transact(cancelUpload, { ...key, written: undefined, forget, drain: settings.drain })
}

/** One call, one session that the client never learns of. */
async function pushWhole(deps: SessionDeps, admitted: Admitted, digest: Digest, body: UploadBody): Promise<void> {
  const name = deps.names.issue(admitted.repository, ownerOf(admitted.actor))
  const session = { key: await keyOf(deps, admitted, name), caller: admitted.actor, name, forget: 0 }
  try {
    await finishSession(deps, session, notWritten, digest, body)
  } catch (error) {
    // Where it can't be removed now (disk full), its expiry removes it.
    await cancelSession(deps, session).catch(() => undefined)
    throw error
  }
}

async function appendToSession(deps: SessionDeps, session: Session, body: UploadBody): Promise<UploadStatus> {
  const row = open(await find(deps, session))
  checkStart(session, row, body)
  const received = await deps.writer.receive(session.key, row, body, 'sha256')
  await acknowledge(deps, session, row, received)
  if (!received.end.whole) throw cutOff(session, received)
  return { id: session.name.text, offset: received.size }
}

/** A PUT that ends a session may come a second time, when its answer was lost: it answers the same. */
async function finishSession(deps: UploadDeps, session: Session, row: OpenUploadRow, digest: Digest, body: UploadBody): Promise<void> {
  if (row.state === 'finished') {
    if (row.digest === digest) return
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  }
  checkStart(session, row, body)
  const algorithm = digestAlgorithm(digest)
  const released = await releasedUpload(deps, session.key.id, row, body, algorithm)
  const received = released?.received ?? (await deps.writer.receive(session.key, row, body, algorithm))
  if (!received.end.whole) {
    await acknowledge(deps, session, row, received)
    throw cutOff(session, received)
  }
  const actual = released?.digest ?? (await deps.writer.digest(received, algorithm))
  if (actual !== digest) await rejectContent(deps, session, received, digest, actual)
  const committed = resultOf(await commit(deps, session, digest, received))
  deps.meter.pushedBlob(session.caller, committed.repository, received.size)
}

async function acknowledge(deps: UploadDeps, { key }: Session, row: OpenUploadRow, { epoch, size, bytes, ...received }: Received) {
  const { uploadExpiry: expiry, drain } = deps.settings
  const input = { ...key, owner: deps.owner, epoch, from: row.received, to: size, bytes, expiry, drain }
  resultOf(await deps.database.transact(advanceUpload, input))
  deps.writer.remember(key.id, { ...received, epoch: Math.max(epoch, 1), size, bytes })
}

async function rejectContent(
  { database, settings }: UploadDeps,
  { key, forget }: Session,
  received: Received,
  expected: Digest,
  actual: Digest,
): Promise<never> {
  const written = 'objectId' in received.bytes ? received.bytes.objectId : undefined
  resultOf(await database.transact(cancelUpload, { ...key, written, forget, drain: settings.drain }))
  throw new RegistryError('DIGEST_INVALID', {
    message: `the ${received.size} bytes sent have the digest ${actual}, not ${expected}; the upload was dropped, start a new one`,
    detail: { expected, actual },
  })
}

async function commit(deps: UploadDeps, { key }: Session, digest: Digest, received: Received) {
  const { database, store, settings } = deps
  const { lease, drain } = settings
  const { epoch, size } = received
  const input = { ...key, epoch, digest, size, lease, drain }
  if ('head' in received.bytes) {
    return await database.transact(commitBlob, { ...input, bytes: { inline: received.bytes.head }, evidence: undefined })
  }
  const { objectId } = received.bytes
  const objectKey = store.finishedKey(objectId, digest)
  resultOf(await database.transact(nameUploadObject, { objectId, key: objectKey }))
  const evidence = await presentObject(deps, key.repository, digest)
  await store.commit(objectId, objectKey, size)
  return await database.transact(commitBlob, { ...input, bytes: { objectId, key: objectKey }, evidence })
}

/** The object that holds this digest already, if its bytes are all there: then the new copy is not needed. */
async function presentObject({ database, store }: UploadDeps, repository: string, digest: Digest): Promise<CommitBlobInput['evidence']> {
  const present = await database.one(objectOfDigest, repository, digest)
  if (present === undefined) return undefined
  const stored = await store.stat(present.key)
  return stored?.size === present.size ? { objectId: present.object_id } : undefined
}

async function mountFromAny(
  { database, authorize, ensureRepository, settings }: UploadDeps,
  { actor, repository, project }: Admitted,
  digest: Digest,
  from: RepositoryName | undefined,
): Promise<boolean> {
  const sources = from === undefined ? (await database.all(holdersOfDigest, digest)).map(({ path }) => path as RepositoryName) : [from]
  for (const source of sources) {
    const decision = await authorize({ actor, action: 'pull', namespace: namespaceOf(source), repository: source })
    if (!decision.allowed) continue
    const may = await pushEvidence(ensureRepository, actor, repository, project)
    const input = { repository, from: source, fromProject: decision.project, digest, actor: eventActor(actor), may, lease: settings.lease }
    const outcome = await database.transact(mountBlob, input)
    if ('ok' in outcome) return true
    if (outcome.refused !== 'BLOB_UNKNOWN') resultOf(outcome)
  }
  return false
}

/** What would be in the row of a session in which nothing was written. */
const notWritten: OpenUploadRow = Object.freeze({
  owner: '',
  epoch: begunEpoch,
  received: 0,
  object_id: null,
  object_key: null,
  head: null,
  state: 'open',
  digest: null,
})

/** What memory knows spares a read; the transaction that follows goes by the row itself. */
async function find(deps: SessionDeps, session: Session): Promise<OpenUploadRow> {
  const untouched = deps.begun.get(session.key.id) === true
  deps.begun.delete(session.key.id)
  return untouched && !isExpired(deps, session) ? notWritten : await read(deps, session)
}

async function read(deps: SessionDeps, session: Session): Promise<OpenUploadRow> {
  const [{ database }, { key }] = [deps, session]
  const row = await database.one(findUpload, key.id, key.repository, key.identity ?? null)
  if (row !== undefined) return row
  if (isExpired(deps, session) || (await database.one(findEnded, key.id)) !== undefined) {
    throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  }
  return notWritten
}

/** A session in which something was written goes by its row instead: it expires later. */
function isExpired({ clock, settings }: UploadDeps, { name }: Session): boolean {
  return clock.now() - name.begunAt >= settings.uploadExpiry
}

function open(row: OpenUploadRow): OpenUploadRow {
  if (row.state !== 'open') throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  return row
}

/** A body that does not begin where the last one ended is refused before anything is touched: the session lives on. */
function checkStart({ name }: Session, row: OpenUploadRow, { range }: UploadBody): void {
  if (range === undefined || range.first === row.received) return
  throw new RegistryError('RANGE_INVALID', {
    message: `this upload has ${row.received} bytes, so the next one is number ${row.received}, not ${range.first}`,
    detail: { id: name.text, offset: row.received },
  })
}

function cutOff({ name }: Session, { size, end }: Received): RegistryError {
  const cause = end.whole ? undefined : end.cause
  const late = cause instanceof RegistryError && cause.code === 'BODY_TIMEOUT'
  const what = late ? 'nothing more of the body came for too long' : 'the body was cut off'
  return new RegistryError(late ? 'BODY_TIMEOUT' : 'SIZE_INVALID', {
    message: `${what}; the upload has ${size} bytes now: ask for its status and go on from there`,
    detail: { id: name.text, offset: size },
    cause,
  })
}

async function sessionOf(deps: SessionDeps, admitted: Admitted, text: string): Promise<Session> {
  const name = await findUploadName(deps, text, admitted.repository, ownerOf(admitted.actor))
  if (name === undefined) throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
  return { key: await keyOf(deps, admitted, name), caller: admitted.actor, name, forget: deps.settings.uploadExpiry }
}

async function keyOf({ ensureRepository }: UploadDeps, { actor, repository, project }: Admitted, { id }: UploadName): Promise<Session['key']> {
  const may = await pushEvidence(ensureRepository, actor, repository, project)
  return { id, repository, identity: ownerOf(actor), actor: eventActor(actor), may }
}

const ownerOf = ({ owner, identity }: Actor): string | undefined => owner ?? identity

const eventActor = ({ identity, address }: Actor): EventActor => ({ identity, address })
