/** The rows that say which bytes exist, as a rig compares them with the files. */
export interface Rows {
  readonly objects: readonly ObjectRow[]
  readonly blobs: readonly BlobRow[]
  /** What the database itself says is wrong: broken foreign keys, damaged pages, rows nobody will ever collect. */
  readonly problems: readonly string[]
}

export interface ObjectRow {
  readonly id: string
  readonly key: string | null
  readonly stored_size: number | null
  readonly state: 'writing' | 'live' | 'damaged' | 'doomed'
}

export interface BlobRow {
  readonly digest: string
  readonly size: number
  readonly object_id: string | null
  /** Inline bytes. */
  readonly bytes: Uint8Array | null
}

export const objectQuery = 'select id, key, stored_size, state from object'
export const blobQuery = 'select b.digest, b.size, b.object_id, c.bytes from blob b left join content c on c.blob_id = b.id'

/** Each answers the rows that must not be, one text each. */
export const problemQueries: readonly string[] = [
  `select 'object ' || id || ' is ' || state || ' and not queued' as problem from object o
   where state in ('writing', 'doomed') and not exists (select 1 from gc_queue where kind = 'object' and key = o.id)`,
  `select 'upload ' || id || ' is not queued' as problem from upload u
   where not exists (select 1 from gc_queue where kind = 'upload' and key = u.id)`,
  `select 'upload ' || u.id || ' has the object ' || o.id || ', which is ' || o.state as problem
   from upload u join object o on o.id = u.object_id where o.state <> 'writing'`,
  `select 'link ' || l.repository_id || ' ' || l.blob_id || ' is held by nothing and not queued' as problem
   from link l join blob b on b.id = l.blob_id
   where not exists (select 1 from reference r where r.repository_id = l.repository_id and r.child_digest = b.digest)
     and not exists (select 1 from gc_queue where kind = 'link' and key = l.repository_id || ':' || l.blob_id)`,
  `select 'blob ' || b.digest || ' is held by nothing and not queued' as problem from blob b
   where not exists (select 1 from link l where l.blob_id = b.id) and not exists (select 1 from manifest m where m.blob_id = b.id)
     and not exists (select 1 from gc_queue where kind = 'blob' and key = cast(b.id as text))`,
  `select 'manifest ' || m.digest || ' is named by nothing and not noted' as problem from manifest m
   where m.deleted_at is null and not exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest)
     and not exists (select 1 from reference r where r.repository_id = m.repository_id and r.child_digest = m.digest)
     and not exists (select 1 from manifest s where s.repository_id = m.repository_id and s.digest = m.subject_digest)
     and not exists (select 1 from unnamed_manifest u where u.repository_id = m.repository_id and u.digest = m.digest)`,
  `select 'manifest ' || r.manifest_digest || ' names ' || r.child_digest || ', which is not there' as problem from reference r
   where r.awaited = 0 and not exists (select 1 from link l join blob b on b.id = l.blob_id
                     where l.repository_id = r.repository_id and b.digest = r.child_digest)
     and not exists (select 1 from manifest m where m.repository_id = r.repository_id and m.digest = r.child_digest)`,
]
