import type { Database } from '../database/index.ts'
import { createLru, type Clock, type Ids, type Lru } from '../lib/index.ts'
import { createHasher, digestBytes, type Digest, type DigestAlgorithm, type Hasher } from '../oci/index.ts'
import type { EventActor } from '../record/index.ts'
import { StorageError, streamOf, type BlobStore, type ObjectWriter } from '../storage/index.ts'
import { readBody, type BodyEnd, type BodyReader } from './body-reader.ts'
import { resultOf } from './failure.ts'
import type { MayCreate } from './ports.ts'
import type { UploadBody } from './registry.ts'
import { inlineLimit, type RegistrySettings } from './settings.ts'
import { takeTurns } from './take-turns.ts'
import type { OpenUploadRow } from './upload-store.ts'
import { claimUpload, touchUpload, type UploadKey } from './upload-transactions.ts'
import type { WrittenElsewhere } from './written-elsewhere.ts'

export interface UploadWriterDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: RegistrySettings
  /** Names this process in `upload.owner`. */
  readonly owner: string
}

/** The bytes of a session after a body came in. Nothing of it is acknowledged yet. */
export interface Received {
  readonly epoch: number
  /** Bytes of the blob so far, earlier bodies included. */
  readonly size: number
  readonly bytes: { readonly head: Uint8Array } | { readonly objectId: string }
  readonly end: BodyEnd
  /** Has seen all `size` bytes; absent when this process did not write them all. */
  readonly hash: { readonly algorithm: DigestAlgorithm; readonly hasher: Hasher } | undefined
}

/** Writes bodies where they belong: a few bytes into memory, for the row; many into an object of this process. */
export interface UploadWriter {
  /** The caller holds the session's lock in this process. `algorithm` is the one to hash with, should the hashing begin here. */
  receive(key: WrittenKey, row: OpenUploadRow, body: UploadBody, algorithm: DigestAlgorithm): Promise<Received>
  /** The received bytes were acknowledged: the next body may go on from here without reading them again. */
  remember(id: string, received: Received): void
  digest(received: Received, algorithm: DigestAlgorithm): Promise<Digest>
  /** Answers the digest of what is remembered, which is not written on from now on; absent when that is not all of it. */
  release(written: WrittenElsewhere): Digest | undefined
}

/** A session, and who writes in it now. */
type WrittenKey = UploadKey & { readonly actor: EventActor; readonly may: MayCreate }

interface Target {
  readonly objectId: string
  readonly epoch: number
  readonly writer: ObjectWriter
  readonly hash: Received['hash']
  /** Holds no acknowledged bytes: of no use when this body fails. */
  readonly fresh: boolean
}

/** Sessions whose running hash is kept. The others are read once more when they end. */
const rememberedSessions = 4096
/** Objects known to be this process's own. A session whose object is not goes on in a copy. */
const rememberedObjects = 65_536

interface TargetDeps extends UploadWriterDeps {
  readonly begun: Lru<string, true>
}

export function createUploadWriter(deps: UploadWriterDeps): UploadWriter {
  const remembered = createLru<string, Received>({ capacity: rememberedSessions })
  const begun = createLru<string, true>({ capacity: rememberedObjects })

  async function receive(key: WrittenKey, row: OpenUploadRow, body: UploadBody, algorithm: DigestAlgorithm): Promise<Received> {
    const known = remembered.get(key.id)
    remembered.delete(key.id)
    const reader = readBody(body)
    try {
      const head = row.object_id === null ? await collectHead(row, reader) : []
      const size = lengthOf(head)
      if (row.object_id === null && size <= inlineLimit) {
        return { epoch: row.epoch, size, bytes: { head: Buffer.concat(head) }, end: reader.end(), hash: undefined }
      }
      const target = await openTarget({ ...deps, begun }, key, row, known, algorithm)
      return await pour(deps, key.id, target, head, reader)
    } catch (error) {
      await reader.cancel()
      throw error
    }
  }

  // At once, so that nothing comes in between: a body that comes later finds neither hash nor object, and goes on in a copy.
  function release({ id, epoch, size, objectId, algorithm }: WrittenElsewhere): Digest | undefined {
    const known = remembered.get(id)
    if (known?.epoch !== epoch || known.size !== size || known.hash?.algorithm !== algorithm) return undefined
    if (!('objectId' in known.bytes) || known.bytes.objectId !== objectId) return undefined
    remembered.delete(id)
    begun.delete(objectId)
    return known.hash.hasher.digest()
  }

  return Object.freeze<UploadWriter>({
    receive,
    release,
    digest: (received, algorithm) => digestOf(deps, received, algorithm),
    remember: (id, received) => {
      // A row has its few bytes itself: kept here too, the sessions of one sender could take 128 MiB.
      if ('objectId' in received.bytes) remembered.set(id, received)
    },
  })
}

/**
 * Where the session's bytes go on: in its object when this process began it, else in a new one of this process. The row's
 * owner alone does not tell: a claim changes it at once, and the object only when the first body after it was acknowledged.
 */
async function openTarget(
  { database, store, ids, settings, owner, begun }: TargetDeps,
  key: WrittenKey,
  row: OpenUploadRow,
  known: Received | undefined,
  algorithm: DigestAlgorithm,
): Promise<Target> {
  if (row.object_id !== null && row.owner === owner && begun.get(row.object_id) === true) {
    const writer = await resumeOwn(store, row.object_id, row)
    const current = known?.epoch === row.epoch && known.size === row.received
    const hash = current ? known.hash : undefined
    if (writer !== undefined) return { objectId: row.object_id, epoch: row.epoch, writer, hash, fresh: false }
  }
  const objectId = ids.object()
  begun.set(objectId, true)
  const claim = { ...key, epoch: row.epoch, owner, objectId, expiry: settings.uploadExpiry }
  const { epoch } = resultOf(await database.transact(claimUpload, claim))
  if (row.object_id === null) {
    return { objectId, epoch, writer: await store.begin(objectId), hash: { algorithm, hasher: createHasher(algorithm) }, fresh: true }
  }
  return { objectId, epoch, writer: await takeOver(store, row.object_id, objectId, row), hash: undefined, fresh: true }
}

/** Absent when the object has its final name already, since its commit failed after that: then it goes on in a copy. */
async function resumeOwn(store: BlobStore, id: string, row: OpenUploadRow): Promise<ObjectWriter | undefined> {
  try {
    return await store.resume(id, row.received)
  } catch (error) {
    if (row.object_key !== null && isMissing(error)) return undefined
    throw error
  }
}

/**
 * Goes on in a copy of what another process wrote; a copy that fails leaves nothing behind. The process may have been killed
 * after it had given the object its final name and before that was committed: then the bytes are there.
 */
async function takeOver(store: BlobStore, from: string, to: string, row: OpenUploadRow): Promise<ObjectWriter> {
  try {
    return await store.copyUnfinished(from, to, row.received)
  } catch (error) {
    if (row.object_key === null || !isMissing(error)) {
      await store.delete(to, undefined).catch(() => undefined)
      throw error
    }
    // The next copy has the same name: when that can't be freed, this is what the client is told.
    await store.delete(to, undefined)
    return await copyFinished(store, row.object_key, to, row.received)
  }
}

async function copyFinished(store: BlobStore, key: string, to: string, length: number): Promise<ObjectWriter> {
  const opened = await store.open(key)
  const stream = opened === undefined || opened.size < length ? undefined : streamOf(opened)
  if (stream === undefined) throw new StorageError('missing', `there are no ${length} bytes under ${key}`)
  const writer = await store.begin(to)
  try {
    for await (const chunk of stream) {
      await writer.write(chunk.subarray(0, length - writer.offset))
      if (writer.offset === length) break
    }
    return writer
  } catch (error) {
    await writer.close().catch(() => undefined)
    await store.delete(to, undefined).catch(() => undefined)
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'missing'
}

async function pour(
  deps: UploadWriterDeps,
  id: string,
  target: Target,
  head: readonly Uint8Array[],
  reader: BodyReader,
): Promise<Received> {
  const { writer, hash, objectId, epoch } = target
  const keepAlive = createKeepAlive(deps, id, target)
  const take = async (chunk: Uint8Array): Promise<void> => {
    const written = writer.write(chunk)
    // Hashing fills the time that the disk takes.
    hash?.hasher.update(chunk)
    await written
    await keepAlive()
  }
  try {
    for (const chunk of head) await take(chunk)
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) await take(chunk)
    await writer.close()
  } catch (error) {
    await abandon(deps.store, target)
    throw error
  }
  return { epoch, size: writer.offset, bytes: { objectId }, end: reader.end(), hash }
}

/** Frees the bytes of a failed body at once: on a full disk nothing else would. The first error is the one to report. */
async function abandon(store: BlobStore, { writer, fresh, objectId }: Target): Promise<void> {
  await writer.close().catch(() => undefined)
  if (fresh) await store.delete(objectId, undefined).catch(() => undefined)
}

/** Moves the expiry on while bytes arrive, however slowly they do. */
function createKeepAlive({ database, clock, settings }: UploadWriterDeps, id: string, { epoch, objectId }: Target) {
  let touched = clock.now()
  return async (): Promise<void> => {
    if (clock.now() - touched < settings.uploadExpiry / 4) return
    touched = clock.now()
    resultOf(await database.transact(touchUpload, { id, epoch, objectId, expiry: settings.uploadExpiry }))
  }
}

async function digestOf({ store, clock }: UploadWriterDeps, received: Received, algorithm: DigestAlgorithm): Promise<Digest> {
  if ('head' in received.bytes) return digestBytes(received.bytes.head, algorithm)
  if (received.hash?.algorithm === algorithm) return received.hash.hasher.digest()
  const hasher = createHasher(algorithm)
  const turn = takeTurns(clock)
  for await (const chunk of store.readUnfinished(received.bytes.objectId, received.size)) {
    hasher.update(chunk)
    await turn(chunk.length)
  }
  return hasher.digest()
}

/** The bytes in the row and what follows them, until they are too many for a row or the body ends. */
async function collectHead(row: OpenUploadRow, reader: BodyReader): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = row.head === null ? [] : [row.head]
  let size = lengthOf(chunks)
  while (size <= inlineLimit) {
    const chunk = await reader.next()
    if (chunk === undefined) break
    chunks.push(chunk)
    size += chunk.length
  }
  return chunks
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}
