import type { Database } from '../database/index.ts'
import { andThen, type Clock, type Soon } from '../lib/index.ts'
import { RegistryError, type ByteRange, type Digest, type Reference, type RepositoryName } from '../oci/index.ts'
import type { BlobStore, OpenObject } from '../storage/index.ts'
import type { Actor } from './actor.ts'
import { admit, checkPlace, type DecidedOn } from './admission.ts'
import { markDamaged, renewLease } from './blob-transactions.ts'
import { damaged, type ContentCache } from './content-cache.ts'
import {
  blobByDigest,
  leasedBlobByDigest,
  manifestByDigest,
  manifestByTag,
  type LinkedBlobRow,
  type ManifestRow,
} from './existence-store.ts'
import type { Existence } from './existence.ts'
import { withRegistryError } from './failure.ts'
import type { HotObjects } from './hot-objects.ts'
import type { Authorize, Meter } from './ports.ts'
import type { Pull, PulledBlob } from './registry.ts'
import type { RegistrySettings } from './settings.ts'
import type { Verification } from './verified-read.ts'

export interface PullDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly authorize: Authorize
  readonly meter: Meter
  readonly existence: Existence
  readonly contents: ContentCache
  readonly hotObjects: HotObjects
  readonly verification: Verification
  readonly settings: RegistrySettings
}

const nothing = (): void => undefined

/** Where nobody counts. */
export const noMeter: Meter = Object.freeze({
  asked: nothing,
  pulledManifest: nothing,
  pulledBlob: nothing,
  pushedManifest: nothing,
  pushedBlob: nothing,
})

export function createPull(deps: PullDeps): Pull {
  const { existence, authorize, contents, meter } = deps
  const findAdmitted = (actor: Actor, repository: RepositoryName, reference: Reference) =>
    andThen(admit(authorize, actor, 'pull', repository), (project) => findManifest(existence, repository, reference, project))
  return {
    manifest: (actor, repository, reference) =>
      andThen(findAdmitted(actor, repository, reference), (found) =>
        andThen(contents.get(found.digest, found, 'MANIFEST_UNKNOWN'), (bytes) => {
          meter.pulledManifest(actor, found.repository_id, found.digest, bytes.length)
          return { digest: found.digest, mediaType: found.media_type, size: bytes.length, bytes }
        }),
      ),
    statManifest: (actor, repository, reference) =>
      andThen(findAdmitted(actor, repository, reference), ({ repository_id: id, digest, media_type: mediaType, size }) => {
        meter.asked(id, digest)
        return { digest, mediaType, size }
      }),
    blob: (actor, repository, digest) =>
      andThen(
        admit(authorize, actor, 'pull', repository),
        (project) => andThen(existence.find(blobByDigest, repository, digest), (row) => pulledBlob(deps, actor, digest, present(row, project))),
      ),
    statBlob: async (actor, repository, digest) => {
      const project = await admit(authorize, actor, 'pull', repository)
      const found = present(await existence.find(leasedBlobByDigest, repository, digest), project)
      if (found.referenced === 0) await keepLeased(deps, found)
      return { digest, size: found.size }
    },
  }
}

type FoundManifest = ManifestRow & { readonly digest: Digest }

function findManifest(existence: Existence, repository: RepositoryName, reference: Reference, project: DecidedOn): Soon<FoundManifest> {
  const row =
    reference.kind === 'tag'
      ? existence.find(manifestByTag, repository, reference.tag)
      : existence.find(manifestByDigest, repository, reference.digest)
  return andThen(row, (found) => {
    checkPlace(project, found)
    if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
    if (found.digest === null) throw new RegistryError('MANIFEST_UNKNOWN')
    return found as FoundManifest
  })
}

type PresentBlob<Row> = Row & { readonly blob_id: number }

function present<Row extends LinkedBlobRow>(row: Row | undefined, project: DecidedOn): PresentBlob<Row> {
  checkPlace(project, row)
  if (row === undefined) throw new RegistryError('NAME_UNKNOWN')
  if (row.blob_id === null) throw new RegistryError('BLOB_UNKNOWN')
  return row as PresentBlob<Row>
}

/**
 * The client may skip its upload on the strength of this answer, so a blob that only a lease keeps must stay until its
 * manifest can come. This is the one read that writes.
 */
async function keepLeased(
  { database, clock, settings }: PullDeps,
  found: { readonly repository_id: number; readonly blob_id: number; readonly lease_until: number },
): Promise<void> {
  if (found.lease_until - clock.now() > settings.lease / 2) return
  const input = { repositoryId: found.repository_id, blobId: found.blob_id, lease: settings.lease }
  const outcome = await database.transact(renewLease, input)
  if ('refused' in outcome) throw new RegistryError('BLOB_UNKNOWN')
}

function pulledBlob(deps: PullDeps, actor: Actor, digest: Digest, found: PresentBlob<LinkedBlobRow>): PulledBlob {
  const content = (range: ByteRange | undefined): Soon<OpenObject> =>
    found.object_id === null || found.key === null
      ? openInline(deps, digest, found, range)
      : openStored(deps, digest, { ...found, object_id: found.object_id, key: found.key }, range)
  const open = (range?: ByteRange): Soon<OpenObject> =>
    andThen(content(range), (opened) => {
      deps.meter.pulledBlob(actor, found.repository_id, range === undefined ? found.size : range.end - range.start + 1)
      return opened
    })
  return { digest, size: found.size, open: withRegistryError(open) }
}

function openInline(
  { contents }: PullDeps,
  digest: Digest,
  found: PresentBlob<LinkedBlobRow>,
  range: ByteRange | undefined,
): Soon<OpenObject> {
  return andThen(contents.get(digest, found, 'BLOB_UNKNOWN'), (bytes) => {
    const wanted = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
    return { kind: 'bytes', size: bytes.length, bytes: wanted }
  })
}

/**
 * A truncated file would be sent as a complete answer, so its size is compared with the row before a byte goes out, and the
 * first time its digest. Parts can't be verified alone: they are left to the scrubber.
 */
async function openStored(
  deps: PullDeps,
  digest: Digest,
  found: { readonly object_id: string; readonly key: string; readonly size: number },
  range: ByteRange | undefined,
): Promise<OpenObject> {
  const { store, hotObjects, verification } = deps
  const { object_id: objectId, key, size } = found
  const hot = await hotObjects.get({ objectId, digest, size }, () => store.open(key))
  if (hot !== undefined) return { kind: 'file', size, file: range === undefined ? hot : hot.slice(range.start, range.end + 1) }
  const opened = await store.open(key, range)
  if (opened?.size !== size) {
    throw await markAsDamaged(deps, objectId, digest, opened === undefined ? 'missing' : `${opened.size} of ${size} bytes`)
  }
  if (range !== undefined) return opened
  const mismatch = await verification.mismatch(objectId, digest, () => store.open(key))
  if (mismatch !== undefined) throw await markAsDamaged(deps, objectId, digest, `has the digest ${mismatch}`)
  return opened
}

/** From now on the blob counts as missing everywhere, so that a push heals it. */
async function markAsDamaged({ database }: PullDeps, objectId: string, digest: Digest, finding: string): Promise<RegistryError> {
  await database.transact(markDamaged, { objectId, digest, finding })
  return damaged('BLOB_UNKNOWN', digest)
}
