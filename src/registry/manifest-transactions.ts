import { statement, transaction, type Tx } from '../database/index.ts'
import { preconditionHolds, type Precondition } from '../oci/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { blobIsWhole, keepContent, takeBlob } from './link-store.ts'
import type { MayCreate } from './ports.ts'
import { takeRepository, type LockedRepository } from './repository-store.ts'
import { moveTag, type TagMove } from './tag-store.ts'
import { takeOutOf, type OutOfTrash } from './trash-store.ts'
import { noteUnnamed } from './unnamed-store.ts'

export interface ManifestChild {
  readonly digest: string
  readonly kind: 'layer' | 'config' | 'child'
  /** Foreign layers may be missing, and what the setting for sparse pushes lets through. */
  readonly required: boolean
}

export interface PutManifestInput {
  readonly repository: string
  readonly actor: EventActor
  readonly may: MayCreate
  /** Absent for a put by tag: then the digest these bytes are already held under is kept, the sha256 one if both are. */
  readonly digest: string | undefined
  readonly contentSha256: string
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: string | undefined
  readonly annotations: Readonly<Record<string, string>>
  readonly children: readonly ManifestChild[]
  readonly tags: readonly TagMove[]
  /** Of each of the tags; of the manifest itself where there are none. */
  readonly precondition?: Precondition | undefined
}

const heldDigests = statement<{ digest: string }>(`
  select digest from manifest where repository_id = $1 and digest = $2 and deleted_at is null
  union all
  select digest from manifest
  where repository_id = $1 and content_sha256 = $2 and content_sha256 <> digest and deleted_at is null`)
const manifestThere = statement<{ digest: string }>(`
  select digest from manifest where repository_id = $1 and digest = $2 and deleted_at is null`)
// Whether it was deleted is answered, so that nothing more has to be done for the many that were not.
const upsertManifest = statement<{ deleted_at: number | null }>(`
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, artifact_type, subject_digest,
    annotations, pushed_at, pushed_by, size)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (repository_id, digest) do update
  set media_type = excluded.media_type, artifact_type = excluded.artifact_type, subject_digest = excluded.subject_digest,
      annotations = excluded.annotations, size = excluded.size
  returning deleted_at`)
const showManifest = statement('update manifest set deleted_at = null where repository_id = $1 and digest = $2')
const insertReferences = statement({
  sqlite: `
    insert into reference (repository_id, manifest_digest, child_digest, kind, awaited)
    select $1, $2, value ->> 'digest', value ->> 'kind', value ->> 'awaited' from json_each($3) where true
    on conflict do nothing`,
  postgres: `
    insert into reference (repository_id, manifest_digest, child_digest, kind, awaited)
    select $1, $2, value ->> 'digest', value ->> 'kind', (value ->> 'awaited')::bigint from json_array_elements($3::json)
    on conflict do nothing`,
})

/**
 * Stores a manifest whose required children are all here, and points tags at it. Its references name the others too, so that
 * whatever comes later is kept for it from then on. Answers how many were not here.
 */
export const putManifest = transaction('put manifest', async (tx: Tx, input: PutManifestInput) => {
  const repository = await takeRepository(tx, input.repository, input.may)
  if ('refused' in repository) return repository
  const digest = input.digest ?? (await heldDigest(tx, repository, input.contentSha256))
  const blob = await takeBlob(tx, repository.domainId, digest, input.bytes.length)
  await keepContent(tx, blob.id, input.bytes)
  const { absent, size } = await lockChildren(tx, repository, input.children)
  const missing = digestsOf(input.children.filter(({ digest, required }) => required && absent.has(digest)))
  if (missing.length > 0) return { refused: 'MANIFEST_BLOB_UNKNOWN', detail: missing }
  const conditions = { identity: input.actor.identity, precondition: input.precondition }
  if (input.tags.length === 0 && !(await mayPut(tx, repository.id, digest, input.precondition))) {
    return { refused: 'PRECONDITION_FAILED', detail: { digest } }
  }
  const trash = await storeManifest(tx, repository.id, { digest, blobId: blob.id, size: input.bytes.length + size }, input)
  await storeReferences(tx, repository.id, digest, input.children, absent)
  for (const tag of input.tags) {
    const refusal = await moveTag(tx, repository.id, tag, digest, conditions)
    if (refusal !== undefined) return refusal
  }
  if (input.tags.length === 0) await noteUnnamed(tx, repository.id, digest)
  const keys = {
    digest,
    tags: input.tags.map(({ name }) => name),
    children: input.children.map((child) => child.digest),
    ...(input.subject === undefined ? {} : { subject: input.subject }),
    ...trash,
    ...repository.created,
  }
  return await record(tx, { kind: 'manifest.put', actor: input.actor, repositoryId: repository.id, keys }, { digest, absent: absent.size, repository: repository.id })
})

async function heldDigest(tx: Tx, repository: LockedRepository, contentSha256: string): Promise<string> {
  // Sorted here: asked for an order, SQLite would read every manifest of the repository in that order.
  const held = (await tx.all(heldDigests, repository.id, contentSha256)).map(({ digest }) => digest).sort()
  return held.includes(contentSha256) ? contentSha256 : (held[0] ?? contentSha256)
}

/** The blob of the manifest is locked by now: of two that put the same one for the first time, the second finds it here. */
async function mayPut(tx: Tx, repositoryId: number, digest: string, precondition: Precondition | undefined): Promise<boolean> {
  if (precondition === undefined) return true
  return preconditionHolds(precondition, (await tx.one(manifestThere, repositoryId, digest))?.digest)
}

interface Stored {
  readonly digest: string
  readonly blobId: number
  /** With everything it refers to, as far as that is here. */
  readonly size: number
}

/** Takes it out of the trash, where it was there. */
async function storeManifest(tx: Tx, repositoryId: number, { digest, blobId, size }: Stored, input: PutManifestInput): Promise<OutOfTrash> {
  const stored = await tx.one(
    upsertManifest,
    repositoryId,
    digest,
    blobId,
    input.contentSha256,
    input.mediaType,
    input.artifactType ?? null,
    input.subject ?? null,
    JSON.stringify(input.annotations),
    tx.now,
    input.actor.identity ?? null,
    size,
  )
  if ((stored?.deleted_at ?? null) === null) return {}
  await tx.run(showManifest, repositoryId, digest)
  return await takeOutOf(tx, repositoryId, digest, 'manifest')
}

async function storeReferences(
  tx: Tx,
  repositoryId: number,
  digest: string,
  children: readonly ManifestChild[],
  absent: ReadonlySet<string>,
): Promise<void> {
  if (children.length === 0) return
  const rows = children.map((child) => ({ digest: child.digest, kind: child.kind, awaited: absent.has(child.digest) ? 1 : 0 }))
  await tx.run(insertReferences, repositoryId, digest, JSON.stringify(rows))
}

// Rows are locked in digest order, so that two pushers of the same children can't wait for each other in a circle. A lock on
// the link keeps the collector and a blob delete away until the references are there for them to see. SQLite's CROSS JOIN
// keeps the order of the tables: it would rather read every link of the repository.
const lockLinks = statement<{ digest: string; size: number }>({
  sqlite: `
    select b.digest, b.size from json_each($3) wanted
    cross join blob b on b.domain_id = $2 and b.digest = wanted.value
    cross join link l on l.repository_id = $1 and l.blob_id = b.id and l.deleted_at is null
    left join object o on o.id = b.object_id
    where ${blobIsWhole}`,
  postgres: `
    select b.digest, b.size from blob b
    join link l on l.repository_id = $1 and l.blob_id = b.id and l.deleted_at is null
    left join object o on o.id = b.object_id
    where b.domain_id = $2 and b.digest = any (array(select json_array_elements_text($3::json)))
      and ${blobIsWhole}
    order by b.digest for key share of l`,
})
// Asked for each row that was found: as a condition it would tempt PostgreSQL to begin with the contents.
const hasBytes = 'case when exists (select 1 from content c where c.blob_id = m.blob_id) then 1 else 0 end as whole'
const lockManifests = statement<{ digest: string; size: number; whole: number }>({
  sqlite: `
    select m.digest, m.size, ${hasBytes} from json_each($2) wanted
    cross join manifest m on m.repository_id = $1 and m.digest = wanted.value and m.deleted_at is null`,
  postgres: `
    select m.digest, m.size, ${hasBytes} from manifest m
    where m.repository_id = $1 and m.digest = any (array(select json_array_elements_text($2::json))) and m.deleted_at is null
    order by m.digest for key share of m`,
})

interface Locked {
  readonly absent: ReadonlySet<string>
  /** In bytes, of all that are here. */
  readonly size: number
}

/**
 * Locks the links and child manifests that are here, and answers the digests of the others and the size of these. BuildKit's cache index lists
 * layers where an index lists manifests, so what is no manifest is looked up as a blob.
 */
async function lockChildren(tx: Tx, repository: LockedRepository, children: readonly ManifestChild[]): Promise<Locked> {
  const manifests = digestsOf(children.filter(({ kind }) => kind === 'child'))
  const here = new Map<string, number>()
  if (manifests.length > 0) {
    for (const { digest, size, whole } of await tx.all(lockManifests, repository.id, JSON.stringify(manifests))) {
      if (whole === 1) here.set(digest, size)
    }
  }
  const blobs = digestsOf(children).filter((digest) => !here.has(digest))
  if (blobs.length > 0) {
    for (const { digest, size } of await tx.all(lockLinks, repository.id, repository.domainId, JSON.stringify(blobs))) here.set(digest, size)
  }
  const absent = new Set(digestsOf(children).filter((digest) => !here.has(digest)))
  return { absent, size: [...here.values()].reduce((sum, size) => sum + size, 0) }
}

function digestsOf(children: readonly ManifestChild[]): string[] {
  return [...new Set(children.map(({ digest }) => digest))].sort()
}

