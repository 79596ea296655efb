import { byChild, statement } from '../../database/index.ts'

/**
 * What a plan is made of. Every statement looks at no more rows than it is told, also where most of them do not count in the end (the inner
 * select is what it looks at): whoever reads sees by a row more than asked for that there is more.
 */

export const livingRepository = statement<{ id: number; domain_id: number }>(`
  select r.id, n.domain_id from repository r join namespace n on n.id = r.namespace_id
  where r.path = $1 and r.namespace_id = $2 and r.deleted_at is null and r.state <> 'deleting' and n.deleted_at is null and n.state <> 'deleting'`)

export const digestOfTag = statement<{ digest: string }>('select digest from tag where repository_id = $1 and name = $2')

export const livingManifest = statement<{ blob_id: number; subject_digest: string | null }>(`
  select blob_id, subject_digest from manifest where repository_id = $1 and digest = $2 and deleted_at is null`)

/** In no order. */
export const tagsOfManifest = statement<{ name: string }>('select name from tag where repository_id = $1 and digest = $2 limit $3')

export interface NeighbourRow {
  readonly digest: string
  readonly artifact_type: string | null
  /** It is here, and not in the trash. */
  readonly living: number
}

const living = 'case when m.digest is not null and m.deleted_at is null then 1 else 0 end as living'

/** Indexes that list it. In no order. */
export const indexesListing = statement<NeighbourRow>(byChild(`
  select wanted.manifest_digest as digest, m.artifact_type, ${living}
  from (select manifest_digest from reference {by child} where repository_id = $1 and child_digest = $2 and kind = 'child' limit $3) wanted
  left join manifest m on m.repository_id = $1 and m.digest = wanted.manifest_digest`))

/** Manifests that an index lists. In no order. */
export const childrenOf = statement<NeighbourRow>(`
  select wanted.child_digest as digest, m.artifact_type, ${living}
  from (select child_digest from reference where repository_id = $1 and manifest_digest = $2 and kind = 'child' limit $3) wanted
  left join manifest m on m.repository_id = $1 and m.digest = wanted.child_digest`)

/** Manifests whose subject it is, by their digests. */
export const referrersOf = statement<NeighbourRow>(`
  select m.digest, m.artifact_type, ${living} from manifest m
  where m.repository_id = $1 and m.subject_digest = $2 order by m.digest limit $3`)

export interface CountRow {
  readonly looked: number
  readonly living: number
}

export const countTags = statement<CountRow>(`
  select count(*) as looked, count(*) as living from (select name from tag where repository_id = $1 limit $2) wanted`)
export const countManifests = statement<CountRow>(`
  select count(*) as looked, count(*) - count(deleted_at) as living
  from (select deleted_at from manifest where repository_id = $1 limit $2) wanted`)

/** A blob that may go. The flags are 0 or 1. */
export interface BlobRow {
  readonly id: number
  readonly size: number
  /** Something else of the repository needs it. */
  readonly here: number
  /** All of that is in the trash, as far as was looked. */
  readonly trashed: number
  /** Another repository holds it. */
  readonly elsewhere: number
  /** Where the next page begins. */
  readonly position: string | number
}

/** Something that a manifest refers to: without an id where the repository does not hold it. */
export interface ReferredBlobRow extends Omit<BlobRow, 'id' | 'size' | 'position'> {
  readonly id: number | null
  readonly size: number | null
  readonly position: string
}

const flag = (condition: string): string => `case when ${condition} then 1 else 0 end`
const heldElsewhere = flag(`
  exists (select 1 from link o where o.blob_id = b.id and o.repository_id <> $1)
  or exists (select 1 from manifest o where o.blob_id = b.id and o.repository_id <> $1)`)
const others = `
  select o.manifest_digest from reference o {by child} where o.repository_id = $1 and o.child_digest = b.digest and o.manifest_digest <> $2`
// The plus keeps SQLite from reading all manifests of the repository, as above.
const isManifestHere = 'exists (select 1 from manifest o where o.blob_id = b.id and +o.repository_id = $1)'
/** Of so many manifests that need it too it is looked whether they are in the trash. */
const mostOthers = 100

/**
 * What a manifest refers to, by digest, from `$3` on: a row for each, also where it is not here (then without id). The manifest's own
 * blob is not among them.
 */
export const blobsOfManifest = statement<ReferredBlobRow>(byChild(`
  select wanted.child_digest as position, b.id, b.size, ${flag(`exists (${others}) or ${isManifestHere}`)} as here,
    ${flag(`
      not ${isManifestHere} and not exists (
        select 1 from (${others} limit ${mostOthers}) wanted_few
        join manifest m on m.repository_id = $1 and m.digest = wanted_few.manifest_digest where m.deleted_at is null)`)} as trashed,
    ${heldElsewhere} as elsewhere
  from (
    select distinct child_digest from reference
    where repository_id = $1 and manifest_digest = $2 and child_digest > $3 order by child_digest limit $4) wanted
  left join blob b on b.domain_id = $5 and b.digest = wanted.child_digest
    and exists (select 1 from link l where l.repository_id = $1 and l.blob_id = b.id)`))

/** The blob of a manifest itself. */
export const ownBlob = statement<BlobRow>(`
  select b.id, b.size, ${flag('exists (select 1 from link o where o.blob_id = b.id and o.repository_id = $1)')} as here, 0 as trashed,
    ${heldElsewhere} as elsewhere, '' as position
  from blob b where b.id = $2`)

/** What a repository holds, by the blob's id, from `$2` on. */
export const blobsOfRepository = statement<BlobRow>(`
  select b.id as position, b.id, b.size, 0 as here, 0 as trashed, ${heldElsewhere} as elsewhere
  from (select blob_id from link where repository_id = $1 and blob_id > $2 order by blob_id limit $3) wanted
  join blob b on b.id = wanted.blob_id`)

/** The manifests of a repository themselves, by digest, from `$2` on. */
export const manifestBlobsOfRepository = statement<BlobRow>(`
  select wanted.digest as position, b.id, b.size, 0 as here, 0 as trashed, ${heldElsewhere} as elsewhere
  from (select digest, blob_id from manifest where repository_id = $1 and digest > $2 order by digest limit $3) wanted
  join blob b on b.id = wanted.blob_id`)

/** Which of a repository's first `$2` manifests run somewhere. */
export const runningInRepository = statement<{ cluster: string; digest: string; seen_at: number }>(`
  select c.name as cluster, i.digest, i.seen_at
  from (select digest from manifest where repository_id = $1 and deleted_at is null order by digest limit $2) wanted
  join inventory_digest i on i.digest = wanted.digest
  join inventory_cluster c on c.id = i.cluster_id
  where i.counts_until > $3 limit $4`)
