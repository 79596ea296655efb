import { statement } from '../database/index.ts'

/** Pages of names in byte order, each read from an index from `last` on: a page costs the same wherever it begins. */

export const repositoryId = statement<{ id: number; namespace_id: number }>(`
  select r.id, r.namespace_id from repository r join namespace n on n.id = r.namespace_id
  where r.path = $1 and r.deleted_at is null and r.state <> 'deleting' and n.deleted_at is null and n.state <> 'deleting'`)

export const tagPage = statement<{ name: string }>(`
  select name from tag where repository_id = $1 and name > $2 order by name limit $3`)

export const allTags = statement<{ name: string }>(`select name from tag where repository_id = $1 order by name`)

/** All tags that point at a manifest. */
export const tagsOfDigest = statement<{ name: string }>(`
  select t.name from repository r join tag t on t.repository_id = r.id
  where r.path = $1 and r.deleted_at is null and t.digest = $2`)

export const repositoryPage = statement<{ name: string }>(`
  select r.path as name from repository r join namespace n on n.id = r.namespace_id
  where r.path > $1 and r.deleted_at is null and r.state <> 'deleting' and n.deleted_at is null and n.state <> 'deleting'
  order by r.path limit $2`)

export interface ReferrerRow {
  readonly digest: string
  readonly media_type: string
  readonly size: number
  readonly artifact_type: string | null
  readonly annotations: string
}

const referrers = (columns: string, filter: string) => `
  select ${columns} from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.subject_digest = $2 and m.digest > $3 and m.deleted_at is null ${filter}
  order by m.digest limit $4`
const descriptor = 'm.digest, m.media_type, b.size, m.artifact_type, m.annotations'
/** Bytes of annotations, told without reading them. */
const weight = 'octet_length(m.annotations) as bytes'
const ofType = 'and m.artifact_type = $5'

export const referrerPage = statement<ReferrerRow>(referrers(descriptor, ''))
export const referrerPageOfType = statement<ReferrerRow>(referrers(descriptor, ofType))
export const referrerWeights = statement<{ bytes: number }>(referrers(weight, ''))
export const referrerWeightsOfType = statement<{ bytes: number }>(referrers(weight, ofType))
