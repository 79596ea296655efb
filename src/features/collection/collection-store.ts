import { statement } from '../../database/index.ts'

/** So many rows are read at a time. */
export const rowsAtOnce = 500

export interface QueuedKey {
  readonly due_at: number
  readonly kind: string
  readonly key: string
}

/** What is due, in the order in which the collector takes it, after one of them. */
export const dueAfter = statement<QueuedKey>(`
  select due_at, kind, key from gc_queue where due_at <= $1 and (due_at, kind, key) > ($2, $3, $4)
  order by due_at, kind, key limit ${rowsAtOnce}`)

export interface LostBlob {
  readonly size: number
  /** Null where the bytes are in the database. */
  readonly object_id: string | null
}

const unreferenced = (link: string, blob: string) => `not exists (
  select 1 from reference f where f.repository_id = ${link}.repository_id and f.child_digest = ${blob}.digest)`
const inTrash = (link: string, blob: string, when = '') => `exists (
  select 1 from trash t where t.repository_id = ${link}.repository_id and t.digest = ${blob}.digest and t.kind = 'blob' ${when})`
/** By what is due in the queue or in the trash: one of both has it. */
const goes = (link: string, blob: string) => `(${unreferenced(link, blob)} and not ${inTrash(link, blob, 'and t.purge_at > $3')}
  and (${link}.lease_until <= $3 or ${inTrash(link, blob)}))`
/**
 * Whether its blob goes with a link that goes, since every other link of the blob goes too; that is said of the first of them alone, so
 * that each blob is counted once and its links are gone through once.
 */
const goesWithIt = `case
    when exists (select 1 from link p where p.blob_id = l.blob_id and p.repository_id < l.repository_id) then 0
    when exists (select 1 from manifest m where m.blob_id = l.blob_id) then 0
    when exists (select 1 from link o where o.blob_id = l.blob_id and not ${goes('o', 'b')}) then 0
    else 1 end`

export interface LostLink extends LostBlob {
  /** 1: its blob goes with it. */
  readonly last: number
}

/** A link that goes now, if it does. */
export const linkThatGoes = statement<LostLink>(`
  select b.size, b.object_id, ${goesWithIt} as last
  from link l join blob b on b.id = l.blob_id
  where l.repository_id = $1 and l.blob_id = $2 and l.lease_until <= $3 and ${unreferenced('l', 'b')} and not ${inTrash('l', 'b')}`)

/** What is due in the trash, of the kinds that the collector ends. */
export interface DueTrash {
  readonly purge_at: number
  readonly id: number
  readonly kind: 'tag' | 'manifest' | 'blob'
  readonly repository_id: number
  readonly digest: string
}

/** In the order in which the collector takes it, after one of them. */
export const dueTrashAfter = statement<DueTrash>(`
  select purge_at, id, kind, repository_id, digest from trash
  where purge_at <= $1 and (purge_at, id) > ($2, $3) and kind in ('tag', 'manifest', 'blob') order by purge_at, id limit ${rowsAtOnce}`)

/** The link of a blob that is due in the trash, if it goes. */
export const trashedLinkThatGoes = statement<LostLink>(`
  select b.size, b.object_id, ${goesWithIt} as last
  from repository r join namespace n on n.id = r.namespace_id
  join blob b on b.domain_id = n.domain_id and b.digest = $2 join link l on l.repository_id = r.id and l.blob_id = b.id
  where r.id = $1 and l.deleted_at is not null and ${goes('l', 'b')}`)

/** The bytes of a manifest, if they go with it: not where another repository has the same manifest. */
export const bytesThatGoWith = statement<LostBlob>(`
  select b.size, b.object_id from manifest m join blob b on b.id = m.blob_id
  where m.repository_id = $1 and m.digest = $2 and not exists (select 1 from link l where l.blob_id = b.id)
  and not exists (select 1 from manifest o where o.blob_id = b.id and (o.repository_id <> m.repository_id or o.digest <> m.digest))`)

export const blobThatGoes = statement<LostBlob>(`
  select b.size, b.object_id from blob b where b.id = $1
  and not exists (select 1 from link l where l.blob_id = b.id) and not exists (select 1 from manifest m where m.blob_id = b.id)`)

export const objectThatGoes = statement<{ key: string | null }>(`
  select key from object where id = $1 and state = 'doomed' and since <= $2`)

export const uploadThatGoes = statement<{ one: number }>(`select 1 as one from upload where id = $1 and expires_at <= $2 and state = 'open'`)

export interface UnnamedKey {
  readonly repository_id: number
  readonly digest: string
  readonly since: number
}

/** Manifests that nothing may have named since `$1`, after one of them. */
export const unnamedAfter = statement<UnnamedKey>(`
  select repository_id, digest, since from unnamed_manifest
  where since <= $1 and (since, repository_id, digest) > ($2, $3, $4) order by since, repository_id, digest limit ${rowsAtOnce}`)

/** Such a manifest, where the rule takes it: see collectManifest. */
export const manifestThatGoes = statement<{ one: number }>(`
  select 1 as one from manifest m join repository r on r.id = m.repository_id join namespace n on n.id = r.namespace_id
  where m.repository_id = $1 and m.digest = $2 and m.deleted_at is null
  and r.state = 'live' and r.deleted_at is null and n.state = 'live' and n.deleted_at is null
  and not exists (select 1 from tag t where t.repository_id = m.repository_id and t.digest = m.digest)
  and not exists (select 1 from reference f where f.repository_id = m.repository_id and f.child_digest = m.digest)
  and not exists (select 1 from manifest s where s.repository_id = m.repository_id and s.digest = m.subject_digest)
  and not exists (select 1 from trash b where b.repository_id = m.repository_id and b.digest = m.digest and b.kind = 'tag')
  and not exists (select 1 from tag_event e where e.repository_id = m.repository_id and e.from_digest = m.digest and e.at > $3)
  and not exists (select 1 from inventory_digest i where i.digest = m.digest and i.counts_until > $4)`)

/** What the hourly count of usage found last. Counts of older versions did not look at blobs. */
export const countedBlobs = statement<{ counted_at: number; blobs: number; bytes: number }>(`
  select counted_at, blobs, blob_bytes as bytes from usage_stored
  where namespace_id = 0 and repository_id = 0 and blobs is not null and blob_bytes is not null`)

export const blobsAtOnce = 5_000
export const blobsAfter = statement<{ id: number; size: number }>(`
  select id, size from blob where id > $1 order by id limit ${blobsAtOnce}`)

/** Counts no further than this: a queue may have any length. */
export const mostCounted = 1_000
/** The first of the queue. */
export const queueBegins = statement<{ due_at: number }>(`
  select due_at from gc_queue order by due_at limit ${mostCounted}`)
