import { statement } from '../database/index.ts'
import { blobIsWhole } from './link-store.ts'

/**
 * The reads that decide whether something exists. Each is one statement by primary keys and unique indexes, so that its cost
 * does not grow with what is stored. No row: no such repository. A row without a digest: not in this repository.
 */

const repositoryVisible = `
  r.path = $1 and r.deleted_at is null and r.state <> 'deleting' and n.deleted_at is null and n.state <> 'deleting'`

export interface ManifestRow {
  readonly repository_id: number
  readonly namespace_id: number
  readonly digest: string | null
  readonly media_type: string
  readonly blob_id: number
  readonly size: number
  /** 1 when it is not here only because its bytes are damaged. */
  readonly damaged: number
}

// A manifest whose bytes were damaged counts as missing until it is pushed again.
const heldManifest = `
  case when c.blob_id is not null then m.digest end as digest, m.media_type, m.blob_id, b.size,
  case when m.digest is not null and c.blob_id is null then 1 else 0 end as damaged`

export const manifestByTag = statement<ManifestRow>(`
  select r.id as repository_id, r.namespace_id, ${heldManifest}
  from repository r join namespace n on n.id = r.namespace_id
  left join tag t on t.repository_id = r.id and t.name = $2
  left join manifest m on m.repository_id = r.id and m.digest = t.digest and m.deleted_at is null
  left join blob b on b.id = m.blob_id
  left join content c on c.blob_id = m.blob_id
  where ${repositoryVisible}`)

export const manifestByDigest = statement<ManifestRow>(`
  select r.id as repository_id, r.namespace_id, ${heldManifest}
  from repository r join namespace n on n.id = r.namespace_id
  left join manifest m on m.repository_id = r.id and m.digest = $2 and m.deleted_at is null
  left join blob b on b.id = m.blob_id
  left join content c on c.blob_id = m.blob_id
  where ${repositoryVisible}`)

export interface LinkedBlobRow {
  readonly repository_id: number
  readonly namespace_id: number
  /** Null when this repository does not hold the blob, or its bytes are damaged. */
  readonly blob_id: number | null
  readonly size: number
  /** The object and its key; null for inline content. */
  readonly object_id: string | null
  readonly key: string | null
  /** 1 when this repository holds the blob and its bytes are damaged. */
  readonly damaged: number
}

// A manifest that was pushed as a blob as well has both an object and content: the one is damaged, the other serves it.
const heldBlob = `
  case when l.blob_id is not null and ${blobIsWhole} then b.id end as blob_id, b.size,
  case when o.state = 'live' then o.id end as object_id, o.key,
  case when l.blob_id is null or ${blobIsWhole} then 0 else 1 end as damaged`
const linkedBlob = `
  from repository r join namespace n on n.id = r.namespace_id
  left join blob b on b.domain_id = n.domain_id and b.digest = $2
  left join link l on l.repository_id = r.id and l.blob_id = b.id and l.deleted_at is null
  left join object o on o.id = b.object_id
  where ${repositoryVisible}`

export const blobByDigest = statement<LinkedBlobRow>(`select r.id as repository_id, r.namespace_id, ${heldBlob} ${linkedBlob}`)

/** As `blobByDigest`, with what decides whether its lease must be renewed. */
export const leasedBlobByDigest = statement<LinkedBlobRow & { readonly lease_until: number; readonly referenced: number }>(`
  select r.id as repository_id, r.namespace_id, ${heldBlob}, l.lease_until,
    case when exists (select 1 from reference f where f.repository_id = r.id and f.child_digest = $2) then 1 else 0 end
      as referenced
  ${linkedBlob}`)

export const contentOf = statement<{ bytes: Uint8Array }>('select bytes from content where blob_id = $1')

/** The object a digest has now, whoever holds it. */
export const objectOfDigest = statement<{ object_id: string; key: string; size: number }>(`
  select o.id as object_id, o.key, b.size
  from repository r join namespace n on n.id = r.namespace_id
  join blob b on b.domain_id = n.domain_id and b.digest = $2
  join object o on o.id = b.object_id and o.state = 'live'
  where r.path = $1 and r.deleted_at is null`)

/** Repositories that hold a blob: where a mount that names no source may take it from. */
export const holdersOfDigest = statement<{ path: string }>(`
  select r.path from link l
  join repository r on r.id = l.repository_id and r.deleted_at is null and r.state <> 'deleting'
  join namespace n on n.id = r.namespace_id and n.deleted_at is null and n.state <> 'deleting'
  where l.blob_id = (select b.id from blob b where b.domain_id = 1 and b.digest = $1) and l.deleted_at is null
  order by l.repository_id limit 20`)
