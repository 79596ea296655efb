import { byChild, statement } from '../../database/index.ts'
import { rowsAtOnce } from './check.ts'

/** Pages of every table that says what exists, each row with what it must agree with. Keys start below any real one. */

const isQueued = (kind: string, key: string) =>
  `case when exists (select 1 from gc_queue q where q.kind = '${kind}' and q.key = ${key}) then 1 else 0 end`
const exists = (rows: string) => `case when exists (select 1 from ${rows}) then 1 else 0 end`

export interface ObjectRow {
  readonly id: string
  readonly key: string | null
  readonly state: 'writing' | 'live' | 'damaged' | 'doomed'
  readonly blob_id: number | null
  readonly digest: string | null
  readonly size: number | null
  readonly queued: number
}

const objectColumns = `
  select o.id, o.key, o.state, b.id as blob_id, b.digest, b.size, ${isQueued('object', 'o.id')} as queued
  from object o left join blob b on b.object_id = o.id`
export const objectsAfter = statement<ObjectRow>(`${objectColumns} where o.id > $1 order by o.id limit ${rowsAtOnce}`)
export const objectById = statement<ObjectRow>(`${objectColumns} where o.id = $1`)

export interface ContentRow {
  readonly blob_id: number
  readonly digest: string | null
  readonly size: number | null
}

export const contentsAfter = statement<ContentRow>(`
  select c.blob_id, b.digest, b.size from content c left join blob b on b.id = c.blob_id
  where c.blob_id > $1 order by c.blob_id limit ${rowsAtOnce}`)
export const bytesOf = statement<{ bytes: Uint8Array }>('select bytes from content where blob_id = $1')

export interface BlobRow {
  readonly id: number
  readonly digest: string
  readonly object_id: string | null
  readonly has_object: number
  readonly has_content: number
  readonly held: number
  readonly queued: number
}

export const blobsAfter = statement<BlobRow>(`
  select b.id, b.digest, b.object_id, ${exists('object o where o.id = b.object_id')} as has_object,
    ${exists('content c where c.blob_id = b.id')} as has_content,
    case when exists (select 1 from link l where l.blob_id = b.id) then 1
      when exists (select 1 from manifest m where m.blob_id = b.id) then 1 else 0 end as held,
    ${isQueued('blob', 'cast(b.id as text)')} as queued
  from blob b where b.id > $1 order by b.id limit ${rowsAtOnce}`)

export interface LinkRow {
  readonly repository_id: number
  readonly blob_id: number
  readonly path: string | null
  readonly digest: string | null
  readonly referenced: number
  readonly queued: number
}

export const linksAfter = statement<LinkRow>(`
  select l.repository_id, l.blob_id, r.path, b.digest,
    ${exists('reference f where f.repository_id = l.repository_id and f.child_digest = b.digest')} as referenced,
    ${isQueued('link', `l.repository_id || ':' || l.blob_id`)} as queued
  from link l left join repository r on r.id = l.repository_id left join blob b on b.id = l.blob_id
  where (l.repository_id, l.blob_id) > ($1, $2) order by l.repository_id, l.blob_id limit ${rowsAtOnce}`)

export interface ManifestRow {
  readonly repository_id: number
  readonly digest: string
  readonly path: string | null
  readonly blob_digest: string | null
  readonly has_content: number
  /** 1 when something names it, or the rule about untagged manifests will look at it. */
  readonly noted: number
  /** 1 when it was deleted, and nothing in the trash says so: nothing will ever end it. */
  readonly forgotten: number
}

export const manifestsAfter = statement<ManifestRow>(`
  select m.repository_id, m.digest, r.path, b.digest as blob_digest,
    ${exists('content c where c.blob_id = m.blob_id')} as has_content,
    case when m.deleted_at is not null then 1
      when exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest) then 1
      when exists (select 1 from reference f where f.repository_id = m.repository_id and f.child_digest = m.digest) then 1
      when exists (select 1 from manifest s where s.repository_id = m.repository_id and s.digest = m.subject_digest) then 1
      when exists (select 1 from unnamed_manifest u where u.repository_id = m.repository_id and u.digest = m.digest) then 1
      else 0 end as noted,
    case when m.deleted_at is null then 0 when exists (
      select 1 from trash t where t.repository_id = m.repository_id and t.digest = m.digest and t.kind = 'manifest') then 0 else 1 end as forgotten
  from manifest m left join repository r on r.id = m.repository_id left join blob b on b.id = m.blob_id
  where (m.repository_id, m.digest) > ($1, $2) order by m.repository_id, m.digest limit ${rowsAtOnce}`)

export interface ReferenceRow {
  readonly repository_id: number
  readonly manifest_digest: string
  readonly child_digest: string
  readonly kind: string
  readonly path: string | null
  /** The manifest's content and type; null when there is no such manifest. */
  readonly blob_id: number | null
  readonly media_type: string | null
  readonly child_here: number
  /** 1 when the child was not here when the manifest was pushed. */
  readonly awaited: number
}

export const referencesAfter = statement<ReferenceRow>(`
  select f.repository_id, f.manifest_digest, f.child_digest, f.kind, f.awaited, r.path, m.blob_id, m.media_type,
    case when exists (select 1 from manifest c where c.repository_id = f.repository_id and c.digest = f.child_digest) then 1
      when exists (
        select 1 from blob b join link l on l.repository_id = f.repository_id and l.blob_id = b.id
        where b.domain_id = n.domain_id and b.digest = f.child_digest) then 1
      else 0 end as child_here
  from reference f
  left join repository r on r.id = f.repository_id left join namespace n on n.id = r.namespace_id
  left join manifest m on m.repository_id = f.repository_id and m.digest = f.manifest_digest
  where (f.repository_id, f.manifest_digest, f.child_digest, f.kind) > ($1, $2, $3, $4)
  order by f.repository_id, f.manifest_digest, f.child_digest, f.kind limit ${rowsAtOnce}`)

export interface TagRow {
  readonly repository_id: number
  readonly name: string
  readonly digest: string
  readonly path: string | null
  readonly has_manifest: number
}

export const tagsAfter = statement<TagRow>(`
  select t.repository_id, t.name, t.digest, r.path,
    ${exists('manifest m where m.repository_id = t.repository_id and m.digest = t.digest and m.deleted_at is null')} as has_manifest
  from tag t left join repository r on r.id = t.repository_id
  where (t.repository_id, t.name) > ($1, $2) order by t.repository_id, t.name limit ${rowsAtOnce}`)

export interface UploadRow {
  readonly id: string
  readonly path: string | null
  readonly state: 'open' | 'finished'
  readonly received: number
  readonly object_id: string | null
  readonly object_state: string | null
  readonly object_key: string | null
  readonly started_at: number
  readonly queued: number
}

const uploadColumns = `
  select u.id, r.path, u.state, u.received, u.object_id, o.state as object_state, o.key as object_key, u.started_at,
    ${isQueued('upload', 'u.id')} as queued
  from upload u left join repository r on r.id = u.repository_id left join object o on o.id = u.object_id`
export const uploadsAfter = statement<UploadRow>(`${uploadColumns} where u.id > $1 order by u.id limit ${rowsAtOnce}`)
export const uploadById = statement<UploadRow>(`${uploadColumns} where u.id = $1`)
export const uploadOfObject = statement<{ id: string; received: number }>(`
  select id, received from upload where object_id = $1 and state = 'open'`)

/** Of a JSON list of object ids: those that have a row. */
export const objectKeys = statement<{ id: string; key: string | null }>({
  sqlite: 'select o.id, o.key from json_each($1) wanted cross join object o on o.id = wanted.value',
  postgres: 'select id, key from object where id = any (array(select json_array_elements_text($1::json)))',
})

/** Where the scrubber is, and whose turn it is. */
export const scrubTurn = statement<{ value: string }>(`select value from meta where name = 'scrub'`)

/** When anything last changed, as this database knows it. */
export const lastChange = statement<{ at: number }>('select at from event where seq = (select max(seq) from event)')

// Who is affected. Lists end early: a finding is for a person to read.
export const mostListed = 20

export const holdersOfBlob = statement<{ id: number; path: string }>(`
  select r.id, r.path from link l join repository r on r.id = l.repository_id
  where l.blob_id = $1 and l.deleted_at is null limit ${mostListed + 1}`)
export const manifestHoldersOfBlob = statement<{ id: number; path: string }>(`
  select r.id, r.path from manifest m join repository r on r.id = m.repository_id
  where m.blob_id = $1 and m.deleted_at is null limit ${mostListed + 1}`)
export const parentsOf = statement<{ digest: string }>(byChild(`
  select manifest_digest as digest from reference {by child} where repository_id = $1 and child_digest = $2 limit ${mostListed + 1}`))
export const tagsOf = statement<{ name: string }>(`
  select name from tag where repository_id = $1 and digest = $2 limit ${mostListed + 1}`)

/** SQLite's own look at its file: lines about what is wrong, or the one line `ok`. */
export const integrityOfFile = statement<{ integrity_check: string }>({ sqlite: 'pragma integrity_check(100)', postgres: 'select 1' })
