import { digestBytes, type Digest } from '../../src/oci/index.ts'
import { inlineLimit } from '../../src/registry/index.ts'
import { settings, startOfTime } from './core.ts'
import { blobs, manifests, type PooledBlob, type PooledManifest } from './pool.ts'
import { ModelRegistry } from './model-registry.ts'
import { ModelUndo } from './model-undo.ts'
import { ModelUploads, type Session } from './model-uploads.ts'
import {
  isSurrounding,
  isUndo,
  isUpload,
  type Answer,
  type Operation,
  type OperationOf,
  type RepositoryOperation,
  type UndoOperation,
  type UploadOperation,
} from './operation.ts'
import { Refused, type Limits } from './refused.ts'

/** A session by the number in which it was begun: what its client sends, and where to. */
export interface Begun {
  readonly repository: string
  readonly blob: PooledBlob
}

/** The bytes of one request, decided from what the model says the session has. */
export interface Sent {
  readonly start: number
  readonly end: number
  readonly first: number | undefined
  readonly cutAfter: number | undefined
}

/** The specification and what its clients know. */
export interface World {
  readonly registry: ModelRegistry
  readonly uploads: ModelUploads
  readonly undo: ModelUndo
  readonly begun: Begun[]
  readonly limits: Limits
}

const usual: Limits = {
  lease: settings.lease,
  uploadExpiry: settings.uploadExpiry,
  finishedStays: 3_600_000,
  inline: inlineLimit,
  sparse: settings.sparse,
  retention: settings.retention,
}

/** An empty registry with the settings of ./core.ts but for those named, at the start of its time. */
export function createWorld(changes: Partial<Limits> = {}): World {
  const limits = { ...usual, ...changes }
  const registry = new ModelRegistry(limits, { now: startOfTime, repositories: new Map(), files: new Map() })
  const undo = new ModelUndo(limits, registry.state)
  return { registry, uploads: new ModelUploads(limits, registry, new Map()), undo, begun: [], limits }
}

/** The same world, to go on elsewhere. */
export function copyWorld({ registry, uploads, begun, limits }: World): World {
  const copy = new ModelRegistry(limits, structuredClone(registry.state))
  const sessions: Map<number, Session> = structuredClone(uploads.sessions)
  const undo = new ModelUndo(limits, copy.state)
  return { registry: copy, uploads: new ModelUploads(limits, copy, sessions), undo, begun: [...begun], limits }
}

export const blobNumber = (n: number): PooledBlob => blobs[n] as PooledBlob
export const manifestNumber = (n: number): PooledManifest => manifests[n] as PooledManifest

/** Which session an operation means: there may be fewer than when it was made up. */
export function sessionOf(world: World, number: number): { readonly id: number; readonly begun: Begun } {
  const id = number % world.begun.length
  return { id, begun: world.begun[id] as Begun }
}

export function sentBy(world: World, operation: OperationOf<'append' | 'finish'>): Sent {
  const { id, begun } = sessionOf(world, operation.session)
  const start = world.uploads.sessions.get(id)?.written?.received ?? 0
  if (operation.kind === 'finish') {
    return { start, end: operation.rest ? Math.max(start, begun.blob.bytes.length) : start, first: undefined, cutAfter: undefined }
  }
  const end = Math.min(begun.blob.bytes.length, start + operation.bytes)
  const size = end - start
  const first = operation.range === 'none' || size <= 0 ? undefined : operation.range === 'right' ? start : start + 1
  return { start, end: Math.max(start, end), first, cutAfter: operation.cut && size > 1 ? size >> 1 : undefined }
}

/** What the specification answers; it changes the world accordingly. */
export function answerOf(world: World, operation: Operation): Answer {
  try {
    return { ok: perform(world, operation) ?? null }
  } catch (error) {
    if (error instanceof Refused) return { refused: error.code }
    throw error
  }
}

function perform(world: World, operation: Operation): unknown {
  if (isUpload(operation)) return performUpload(world, operation)
  if (isUndo(operation)) return performUndo(world, operation)
  if (!isSurrounding(operation)) return performOnRepository(world, operation)
  switch (operation.kind) {
    case 'wait':
      world.registry.state.now += operation.ms
      return
    case 'restart':
      return
    case 'collect':
      world.uploads.collect()
      world.undo.collect()
      return world.registry.collect()
    case 'damage':
      return world.registry.damage(operation.digest, operation.how)
  }
}

function performUpload(world: World, operation: UploadOperation): unknown {
  const { registry, uploads, begun } = world
  if (operation.kind === 'begin') {
    const { repository, blob } = operation
    uploads.begin(begun.push({ repository, blob: blobNumber(blob) }) - 1, repository)
    return 0
  }
  if (operation.kind === 'push') {
    const { repository, blob, algorithm, as = blob } = operation
    const { bytes, digests: { [algorithm]: digest } } = blobNumber(blob)
    registry.receive(repository, bytes.length)
    if (digest !== blobNumber(as).digests[algorithm]) throw new Refused('DIGEST_INVALID')
    return registry.commit(repository, { digest, size: bytes.length })
  }
  const session = sessionOf(world, operation.session)
  const repository = 'elsewhere' in operation && operation.elsewhere === true ? 'b/elsewhere' : session.begun.repository
  if (operation.kind === 'status') return uploads.status(session.id, repository)
  if (operation.kind === 'cancel') return uploads.cancel(session.id, repository)
  const { start, end, first, cutAfter } = sentBy(world, operation)
  const body = { size: end - start, first, cutAfter }
  if (operation.kind === 'append') return uploads.append(session.id, repository, body)
  const { algorithm, as } = operation
  const { blob } = session.begun
  const claimed = (as === undefined ? blob : blobNumber(as)).digests[algorithm]
  uploads.finish(session.id, repository, claimed, body, digestBytes(blob.bytes.subarray(0, end), algorithm))
}

function performOnRepository({ registry }: World, operation: RepositoryOperation): unknown {
  switch (operation.kind) {
    case 'mount':
      return registry.mount(operation.repository, blobNumber(operation.blob).digests.sha256, operation.from)
    case 'put': {
      const { repository, tag, algorithm, further, precondition } = operation
      const manifest = manifestNumber(operation.manifest)
      if (tag !== undefined) return registry.put(repository, manifest, undefined, [tag], precondition)
      return registry.put(repository, manifest, manifest.digests[algorithm], [...new Set(further)], precondition)
    }
    case 'get manifest':
    case 'stat manifest':
      return registry.manifest(operation.repository, operation.reference)
    case 'get blob':
      return registry.readBlob(operation.repository, blobOf(operation.digest))
    case 'stat blob':
      return registry.statBlob(operation.repository, blobOf(operation.digest))
    case 'delete blob':
      return registry.deleteBlob(operation.repository, operation.digest as Digest)
    case 'delete manifest':
      return registry.deleteManifest(operation.repository, operation.reference, operation.precondition)
    case 'tags':
      return registry.tags(operation.repository, operation)
    case 'repositories':
      return registry.repositories(operation)
    case 'referrers':
      return registry.referrers(operation.repository, operation.subject, operation)
  }
}

function performUndo({ undo, registry }: World, operation: UndoOperation): unknown {
  const { repository } = operation
  const { now } = registry.state
  switch (operation.kind) {
    case 'trash':
      return undo.list(repository)
    case 'restore':
      return undo.restore(operation)
    case 'purge':
      return undo.purge(operation)
    case 'history':
      return undo.history(repository, operation.tag)
    case 'tag at':
      return undo.at(repository, operation.tag, now - operation.ago)
    case 'revert': {
      const { to, tag, expected } = operation
      const target = 'digest' in to ? { digest: to.digest as Digest } : { at: now - to.ago }
      return undo.revert(repository, tag, target, expected as Digest | undefined)
    }
  }
}

const sizes = new Map(blobs.flatMap(({ bytes, digests }) => Object.values(digests).map((digest) => [digest as string, bytes.length])))

function blobOf(digest: string): { readonly digest: Digest; readonly size: number } {
  return { digest: digest as Digest, size: sizes.get(digest) ?? 0 }
}
