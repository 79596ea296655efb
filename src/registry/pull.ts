import type { Database } from '../database/index.ts'
import type { Clock } from '../lib/index.ts'
import { RegistryError, type ByteRange, type Digest, type Reference, type RepositoryName } from '../oci/index.ts'
import type { BlobStore, OpenObject } from '../storage/index.ts'
import { admit } from './admission.ts'
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
import { registryError } from './failure.ts'
import type { HotObjects } from './hot-objects.ts'
import type { Authorize } from './ports.ts'
import type { Pull, PulledBlob } from './registry.ts'
import type { RegistrySettings } from './settings.ts'
import type { Verification } from './verified-read.ts'

export interface PullDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly authorize: Authorize
  readonly existence: Existence
  readonly contents: ContentCache
  readonly hotObjects: HotObjects
  readonly verification: Verification
  readonly settings: RegistrySettings
}

export function createPull(deps: PullDeps): Pull {
  const { existence, authorize, contents } = deps
  return {
    manifest: async (actor, repository, reference) => {
      await admit(authorize, actor, 'pull', repository)
      const found = await findManifest(existence, repository, reference)
      const bytes = await contents.get(found.digest as Digest, found, 'MANIFEST_UNKNOWN')
      return { digest: found.digest as Digest, mediaType: found.media_type, size: bytes.length, bytes }
    },
    statManifest: async (actor, repository, reference) => {
      await admit(authorize, actor, 'pull', repository)
      const found = await findManifest(existence, repository, reference)
      return { digest: found.digest as Digest, mediaType: found.media_type, size: found.size }
    },
    blob: async (actor, repository, digest) => {
      await admit(authorize, actor, 'pull', repository)
      const found = present(await existence.find(blobByDigest, repository, digest))
      return pulledBlob(deps, digest, found)
    },
    statBlob: async (actor, repository, digest) => {
      await admit(authorize, actor, 'pull', repository)
      const found = present(await existence.find(leasedBlobByDigest, repository, digest))
      if (found.referenced === 0) await keepLeased(deps, found)
      return { digest, size: found.size }
    },
  }
}

async function findManifest(existence: Existence, repository: RepositoryName, reference: Reference) {
  const row =
    reference.kind === 'tag'
      ? await existence.find(manifestByTag, repository, reference.tag)
      : await existence.find(manifestByDigest, repository, reference.digest)
  if (row === undefined) throw new RegistryError('NAME_UNKNOWN')
  if (row.digest === null) throw new RegistryError('MANIFEST_UNKNOWN')
  return row as ManifestRow & { readonly digest: string }
}

type PresentBlob<Row> = Row & { readonly blob_id: number }

function present<Row extends LinkedBlobRow>(row: Row | undefined): PresentBlob<Row> {
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

function pulledBlob(deps: PullDeps, digest: Digest, found: PresentBlob<LinkedBlobRow>): PulledBlob {
  const open = async (range?: ByteRange): Promise<OpenObject> => {
    try {
      return found.object_id === null || found.key === null
        ? await openInline(deps, digest, found, range)
        : await openStored(deps, digest, { ...found, object_id: found.object_id, key: found.key }, range)
    } catch (error) {
      throw registryError(error)
    }
  }
  return { digest, size: found.size, open }
}

async function openInline(
  { contents }: PullDeps,
  digest: Digest,
  found: PresentBlob<LinkedBlobRow>,
  range: ByteRange | undefined,
): Promise<OpenObject> {
  const bytes = await contents.get(digest, found, 'BLOB_UNKNOWN')
  return { kind: 'bytes', size: bytes.length, bytes: range === undefined ? bytes : bytes.subarray(range.start, range.end + 1) }
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
