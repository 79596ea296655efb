import { byChild, statement } from '../../database/index.ts'

/** Projects with those that are deleted, of which a count may be left. What one that is being deleted holds is in the trash. */
export const nextProject = statement<{ id: number; domain_id: number; deleted: number; trash: number; counted: number }>(`
  select n.id, n.domain_id, case when n.deleted_at is null then 0 else 1 end as deleted,
    case when n.state = 'deleting' then 1 else 0 end as trash,
    case when exists (select 1 from usage_stored s where s.namespace_id = n.id) then 1 else 0 end as counted
  from namespace n where n.id > $1 order by n.id limit 1`)

/** Also those that were deleted: what they still hold is in the trash. */
export const repositoriesAfter = statement<{ id: number; path: string; trash: number }>(`
  select id, path, case when deleted_at is null then 0 else 1 end as trash from repository
  where namespace_id = $1 and (path, id) > ($2, $3) order by namespace_id, path, id limit $4`)

const referredBy = (state: string): string => `exists (
  select 1 from reference r {by child} join manifest m on m.repository_id = r.repository_id and m.digest = r.manifest_digest
  where r.repository_id = l.repository_id and r.child_digest = b.digest and m.deleted_at is ${state})`

/** A blob without any manifest is on its way to one: it is not in the trash. */
export const linksAfter = statement<{ blob_id: number; size: number; trash: number }>(byChild(`
  select l.blob_id, b.size,
    case when l.deleted_at is not null or (not ${referredBy('null')} and ${referredBy('not null')}) then 1 else 0 end as trash
  from link l join blob b on b.id = l.blob_id
  where l.repository_id = $1 and l.blob_id > $2 order by l.repository_id, l.blob_id limit $3`))

export const manifestsAfter = statement<{ digest: string; blob_id: number; size: number; trash: number }>(`
  select m.digest, m.blob_id, b.size, case when m.deleted_at is null then 0 else 1 end as trash
  from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.digest > $2 order by m.repository_id, m.digest limit $3`)

/**
 * What live manifests refer to. Only what the repository itself holds has a size here: a manifest may name what it never had, and how large
 * that is elsewhere is nobody's business.
 */
export const referencesAfter = statement<{ manifest_digest: string; child_digest: string; kind: string; size: number }>(`
  select r.manifest_digest, r.child_digest, r.kind,
    case when m.digest is null or l.blob_id is null then 0 else b.size end as size
  from reference r
  left join manifest m on m.repository_id = r.repository_id and m.digest = r.manifest_digest and m.deleted_at is null
  left join blob b on b.domain_id = $5 and b.digest = r.child_digest
  left join link l on l.repository_id = r.repository_id and l.blob_id = b.id and l.deleted_at is null
  where r.repository_id = $1 and (r.manifest_digest, r.child_digest, r.kind) > ($2, $3, $4)
  order by r.repository_id, r.manifest_digest, r.child_digest, r.kind limit $6`)

/** What a page of blobs comes to. Its last one is null where there is none. */
export const blobsAfter = statement<{ blobs: number; bytes: number; last: number | null }>(`
  select count(*) as blobs, cast(coalesce(sum(wanted.size), 0) as bigint) as bytes, max(wanted.id) as last from (
    select id, size from blob where id > $1 order by id limit $2) wanted`)

/** When everything was counted last; the row of the whole is that of no project. */
export const lastCount = statement<{ counted_at: number; logical: number; deduplicated: number; trash: number }>(`
  select counted_at, logical, deduplicated, trash from usage_stored where namespace_id = 0 and repository_id = 0`)
