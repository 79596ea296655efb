import type { Soon } from '../lib/index.ts'
import type { ByteRange, Digest, Precondition, Reference, ReferrerDescriptor, RepositoryName, Tag } from '../oci/index.ts'
import type { OpenObject } from '../storage/index.ts'
import type { Actor } from './actor.ts'
import type { Tags } from './tags.ts'
import type { TrashKind } from './trash-store.ts'

/**
 * The core: a complete OCI registry without a network. Every call authorizes its actor first and fails with a
 * `RegistryError`; nothing else about HTTP is known here.
 */
export interface Registry {
  readonly pull: Pull
  readonly uploads: Uploads
  readonly push: Push
  readonly deletes: Deletes
  readonly lists: Lists
  readonly tags: Tags
  readonly trash: Trash
}

/** Reading: distribution-spec "Pull". At once where all is in memory; a refusal is always a promise that rejects. */
export interface Pull {
  /** A manifest with its bytes. Fails with MANIFEST_UNKNOWN or NAME_UNKNOWN. */
  manifest(actor: Actor, repository: RepositoryName, reference: Reference): Soon<PulledManifest>
  /** A manifest's description without its bytes (HEAD). Fails as `manifest`. */
  statManifest(actor: Actor, repository: RepositoryName, reference: Reference): Soon<ManifestDescription>
  /** A blob that this repository holds. Nothing is opened yet. Fails with BLOB_UNKNOWN or NAME_UNKNOWN. */
  blob(actor: Actor, repository: RepositoryName, digest: Digest): Soon<PulledBlob>
  /**
   * Whether this repository holds the blob (HEAD). A positive answer may make a client skip its upload, so it renews the
   * lease of a blob that nothing but a lease keeps. Fails as `blob`.
   */
  statBlob(actor: Actor, repository: RepositoryName, digest: Digest): Soon<BlobDescription>
}

export interface ManifestDescription {
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
}

export interface PulledManifest extends ManifestDescription {
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface BlobDescription {
  readonly digest: Digest
  readonly size: number
}

export interface PulledBlob extends BlobDescription {
  /**
   * Opens the bytes, or the part of them that `range` names (it must lie inside `size`). Fails with BLOB_UNKNOWN when the
   * stored bytes turn out damaged: the blob then counts as missing until it is pushed again.
   */
  open(range?: ByteRange): Soon<OpenObject>
}

/** Writing blobs: distribution-spec "Push", blobs. */
export interface Uploads {
  begin(actor: Actor, repository: RepositoryName): Promise<UploadStatus>
  /**
   * Links a blob from another repository. `false` whenever that is not possible or not allowed (the caller then answers with
   * an ordinary upload): the reason is not told, since it would leak what other repositories hold.
   */
  mount(actor: Actor, repository: RepositoryName, digest: Digest, from: RepositoryName | undefined): Promise<boolean>
  /** Fails with BLOB_UPLOAD_UNKNOWN. */
  status(actor: Actor, repository: RepositoryName, id: string): Promise<UploadStatus>
  /**
   * Appends a body. Fails with RANGE_INVALID (416; headers carry Location-independent `detail: UploadStatus`, the session lives
   * on), SIZE_INVALID, BLOB_UPLOAD_UNKNOWN, STORAGE_FULL. Bytes of a body that was cut off are kept when they arrived whole
   * without a range, and `status` says up to where.
   */
  append(actor: Actor, repository: RepositoryName, id: string, body: UploadBody): Promise<UploadStatus>
  /** Appends the last body, if any, verifies the digest and makes the blob durable. Fails as `append`, and with DIGEST_INVALID. */
  finish(actor: Actor, repository: RepositoryName, id: string, digest: Digest, body: UploadBody): Promise<void>
  /** A whole blob in one call (single POST). */
  pushWhole(actor: Actor, repository: RepositoryName, digest: Digest, body: UploadBody): Promise<void>
  /** Fails with BLOB_UPLOAD_UNKNOWN. */
  cancel(actor: Actor, repository: RepositoryName, id: string): Promise<void>
}

export interface UploadStatus {
  /** Names the session, for this repository and actor alone: a UUID, a time and a signature, to be handed back as it is. */
  readonly id: string
  /** Bytes acknowledged so far. */
  readonly offset: number
}

export interface UploadBody {
  readonly stream: ByteStream | null
  /** Bytes the sender declared (Content-Length); absent for a chunked body. */
  readonly length: number | undefined
  /** Content-Range: position of the first and last byte in the blob. */
  readonly range: { readonly first: number; readonly last: number } | undefined
}

/** The part of a ReadableStream that is used here: to make a whole one for each body would cost more than to read it. */
export interface ByteStream {
  getReader(): ByteReader
}

/** Its `value` is absent at the end. Rejects when the sender broke off. */
export interface ByteReader {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>
  /** Tells the sender that nothing more is read. */
  cancel(): Promise<void>
}

/** Writing manifests: distribution-spec "Push", manifests. */
export interface Push {
  /**
   * Stores the exact bytes under their digest and points the tags at it. Fails with MANIFEST_INVALID, DIGEST_INVALID,
   * MANIFEST_BLOB_UNKNOWN (an entry per missing child), PRECONDITION_FAILED, STORAGE_FULL.
   */
  manifest(actor: Actor, repository: RepositoryName, reference: Reference, manifest: ManifestUpload): Promise<PushedManifest>
}

export interface ManifestUpload {
  /** Content-Type as sent; absent when there was none. */
  readonly contentType: string | undefined
  /** Collected and bounded by the caller. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Further tags (`?tag=`), only with a digest reference. */
  readonly tags: readonly Tag[]
  /** What each of the tags must be before, or the manifest itself where it is put by digest alone. */
  readonly precondition?: Precondition | undefined
}

export interface PushedManifest {
  readonly digest: Digest
  readonly mediaType: string
  /** How many of the things it names are not in the repository, where the settings let that pass. */
  readonly absent: number
  readonly subject: Digest | undefined
  readonly tags: readonly Tag[]
}

/** Deleting: distribution-spec "Content Management". */
export interface Deletes {
  /**
   * By tag: the tag alone. By digest: the manifest with all its tags. Fails with MANIFEST_UNKNOWN, NAME_UNKNOWN or
   * PRECONDITION_FAILED.
   */
  manifest(actor: Actor, repository: RepositoryName, reference: Reference, precondition?: Precondition): Promise<void>
  /** Fails with BLOB_UNKNOWN or NAME_UNKNOWN. */
  blob(actor: Actor, repository: RepositoryName, digest: Digest): Promise<void>
}

/** Listing: distribution-spec "Content Discovery". All lists are in byte order and paged. */
export interface Lists {
  /** Names after `last`, at most `limit` of them (absent: all). Fails with NAME_UNKNOWN. */
  tags(actor: Actor, repository: RepositoryName, page: Page): Promise<NamePage>
  repositories(actor: Actor, page: Page): Promise<NamePage>
  /**
   * Manifests whose `subject` is the digest. An unknown repository or digest has none. A page with megabytes of annotations
   * ends before `limit`; `next` tells whether more come.
   */
  referrers(actor: Actor, repository: RepositoryName, subject: Digest, page: ReferrersPage): Promise<ReferrerPage>
}

export interface Page {
  readonly limit: number | undefined
  /** Exclusive start; need not exist. */
  readonly last: string | undefined
}

export interface NamePage {
  readonly names: readonly string[]
  /** Whether names come after the last one here. */
  readonly more: boolean
}

export interface ReferrersPage extends Page {
  readonly artifactType: string | undefined
}

export interface ReferrerPage {
  readonly descriptors: readonly ReferrerDescriptor[]
  /** The `last` of the next page; absent on the last one. */
  readonly next: string | undefined
}

/** What was deleted, until it is purged. Seeing it needs the right to restore it. */
export interface Trash {
  /**
   * What the actor may restore, the newest first. A page ends early where much may not be seen; `next` tells whether more come. Fails
   * with NAME_UNKNOWN.
   */
  list(actor: Actor, place: TrashPlace, page: TrashPage): Promise<TrashList>
  /** Fails with TRASH_UNKNOWN. */
  get(actor: Actor, id: number): Promise<TrashEntry>
  /**
   * Brings it back as it was: the same bytes under the same digest. Fails with TRASH_UNKNOWN; TAG_EXISTS where the name was given to
   * something since; MANIFEST_IN_TRASH where the manifest of a tag has to be restored first; MANIFEST_UNKNOWN where it is gone.
   */
  restore(actor: Actor, id: number): Promise<Restored>
  /** Ends it now. Fails with TRASH_UNKNOWN. */
  purge(actor: Actor, id: number): Promise<void>
}

export interface TrashPlace {
  /** Its present name. */
  readonly project: string
  /** One of its repositories, by its whole path; absent: all of them. */
  readonly repository?: RepositoryName | undefined
  readonly kind?: TrashKind | undefined
}

export interface TrashPage {
  readonly limit: number
  /** Exclusive start: the `next` of the page before. */
  readonly last: number | undefined
}

export interface TrashList {
  readonly entries: readonly TrashEntry[]
  /** The `last` of the next page; absent on the last one. */
  readonly next: number | undefined
}

export interface TrashEntry {
  readonly id: number
  readonly kind: TrashKind
  /** The repository, by its whole path; of a project its name. */
  readonly path: string
  readonly tag: string | undefined
  /** Of a manifest or a blob; of a tag that of its manifest. */
  readonly digest: Digest | undefined
  /** Of a manifest: the tags that went with it. */
  readonly tags: readonly Tag[]
  /** Who decided that it goes: somebody, or a rule. */
  readonly cause: 'person' | 'rule'
  /** Ms since the epoch. */
  readonly deletedAt: number
  readonly deletedBy: string | undefined
  /** Until when it can be brought back, in ms since the epoch. */
  readonly purgeAt: number
}

/** What came back with it. */
export interface Restored {
  readonly tags: readonly Tag[]
  /** Tags that went with the manifest and did not come back: their names are in use now, or the actor may not create them. */
  readonly leftOut: readonly { readonly tag: Tag; readonly reason: 'exists' | 'denied' }[]
  /** Manifests that a rule had put into the trash because this one was there, and that are back with it. */
  readonly manifests: readonly Digest[]
}
