import { statement, type Statement } from '../../database/index.ts'

/**
 * The rows that a registry consists of, twice: by the keys that events name (JSON, an array of `{ r, k }`), and page by page in
 * the order of their keys.
 */

export interface NamespaceRow {
  readonly id: number
  readonly domain_id: number
  readonly name: string
  readonly state: string
  readonly created_at: number
  readonly deleted_at: number | null
}

export interface RepositoryRow {
  readonly id: number
  readonly namespace_id: number
  readonly path: string
  readonly kind: string
  readonly format: string
  readonly state: string
  readonly created_at: number
  readonly deleted_at: number | null
}

export interface BlobRow {
  readonly id: number
  readonly digest: string
  readonly size: number
  readonly object_id: string | null
  readonly key: string | null
  readonly encoding: string
  readonly stored_size: number | null
  readonly state: string
  readonly since: number
  /** 1 when its bytes are a row. */
  readonly inlined: number
}

export interface ManifestRow {
  readonly repository_id: number
  readonly digest: string
  readonly content_sha256: string
  readonly media_type: string
  readonly artifact_type: string | null
  readonly subject_digest: string | null
  readonly annotations: string
  readonly pushed_at: number
  readonly pushed_by: string | null
  readonly last_pulled_at: number | null
  readonly deleted_at: number | null
  readonly size: number
  /** JSON: an array of kind and digest; null when it refers to nothing. */
  readonly children: string | null
}

export interface LinkRow {
  readonly repository_id: number
  readonly blob_id: number
  readonly digest: string
  readonly deleted_at: number | null
}

export interface TagRow {
  readonly repository_id: number
  readonly name: string
  readonly digest: string
  readonly created_at: number
  readonly updated_at: number
  readonly updated_by: string | null
}

export interface TrashRow {
  readonly id: number
  readonly kind: string
  readonly namespace_id: number
  readonly repository_id: number | null
  readonly path: string
  readonly tag: string | null
  readonly digest: string | null
  readonly cause: string
  readonly deleted_at: number
  readonly deleted_by: string | null
  readonly purge_at: number
  readonly detail: string
}

type Columns = string | { readonly sqlite: string; readonly postgres: string }

// SQLite's CROSS JOIN keeps the order of the tables: it would rather read every row of a repository.
function named<Row>(columns: Columns, from: string): Statement<Row> {
  const { sqlite, postgres } = typeof columns === 'string' ? { sqlite: columns, postgres: columns } : columns
  const onSqlite = from.replaceAll('{r}', `wanted.value ->> 'r'`).replaceAll('{k}', `wanted.value ->> 'k'`)
  const onPostgres = from.replaceAll('{r}', `(wanted.value ->> 'r')::bigint`).replaceAll('{k}', `(wanted.value ->> 'k')`)
  return statement<Row>({
    sqlite: `select ${sqlite} from json_each($1) wanted cross join ${onSqlite.replaceAll(' join ', ' cross join ').replaceAll('left cross', 'left')}`,
    postgres: `select ${postgres} from json_array_elements($1::json) wanted join ${onPostgres}`,
  })
}

const namespaceColumns = 'n.id, n.domain_id, n.name, n.state, n.created_at, n.deleted_at'
const repositoryColumns = 'r.id, r.namespace_id, r.path, r.kind, r.format, r.state, r.created_at, r.deleted_at'
const blobColumns = `
  b.id, b.digest, b.size, o.id as object_id, o.key, o.encoding, o.stored_size, o.state, o.since,
  case when exists (select 1 from content c where c.blob_id = b.id) then 1 else 0 end as inlined`
const linkColumns = 'l.repository_id, l.blob_id, b.digest, l.deleted_at'
const tagColumns = 't.repository_id, t.name, t.digest, t.created_at, t.updated_at, t.updated_by'
const trashColumns = `
  d.id, d.kind, d.namespace_id, d.repository_id, d.path, d.tag, d.digest, d.cause, d.deleted_at, d.deleted_by, d.purge_at, d.detail`
const manifestFields = `
  m.repository_id, m.digest, m.content_sha256, m.media_type, m.artifact_type, m.subject_digest, m.annotations, m.pushed_at,
  m.pushed_by, m.last_pulled_at, m.deleted_at, m.size`
const ofManifest = 'from reference f where f.repository_id = m.repository_id and f.manifest_digest = m.digest'
const manifestColumns = {
  sqlite: `${manifestFields}, (select json_group_array(json_array(f.kind, f.child_digest, f.awaited)) ${ofManifest}) as children`,
  postgres: `${manifestFields}, (select json_agg(json_build_array(f.kind, f.child_digest, f.awaited)) ${ofManifest})::text as children`,
}

export const namedRepositories = named<RepositoryRow>(repositoryColumns, 'repository r on r.id = {r}')
export const repositoriesOfNamespaces = named<RepositoryRow>(repositoryColumns, 'repository r on r.namespace_id = {r}')
export const namedNamespaces = named<NamespaceRow>(namespaceColumns, 'namespace n on n.id = {r}')
export const namedBlobs = named<BlobRow>(
  blobColumns,
  'blob b on b.domain_id = 1 and b.digest = {k} left join object o on o.id = b.object_id',
)
export const namedManifests = named<ManifestRow>(manifestColumns, 'manifest m on m.repository_id = {r} and m.digest = {k}')
export const namedLinks = named<LinkRow>(
  linkColumns,
  'blob b on b.domain_id = 1 and b.digest = {k} join link l on l.repository_id = {r} and l.blob_id = b.id',
)
export const namedTags = named<TagRow>(tagColumns, 'tag t on t.repository_id = {r} and t.name = {k}')

export const namedTrash = named<TrashRow>(trashColumns, 'trash d on d.id = {r}')

/** Of blobs by their ids (JSON, an array). */
export const contents = statement<{ blob_id: number; bytes: Uint8Array }>({
  sqlite: 'select blob_id, bytes from content where blob_id in (select value from json_each($1))',
  postgres: 'select blob_id, bytes from content where blob_id = any (array(select json_array_elements_text($1::json)::bigint))',
})

export const namespacePage = statement<NamespaceRow>(`select ${namespaceColumns} from namespace n where n.id > $1 order by n.id limit $2`)
export const repositoryPage = statement<RepositoryRow>(`
  select ${repositoryColumns} from repository r where r.id > $1 order by r.id limit $2`)
export const blobPage = statement<BlobRow>(`
  select ${blobColumns} from blob b left join object o on o.id = b.object_id where b.id > $1 order by b.id limit $2`)
const manifestFrom = 'from manifest m where (m.repository_id, m.digest) > ($1, $2) order by m.repository_id, m.digest limit $3'
export const manifestPage = statement<ManifestRow>({
  sqlite: `select ${manifestColumns.sqlite} ${manifestFrom}`,
  postgres: `select ${manifestColumns.postgres} ${manifestFrom}`,
})
export const linkPage = statement<LinkRow>(`
  select ${linkColumns} from link l join blob b on b.id = l.blob_id
  where (l.repository_id, l.blob_id) > ($1, $2) order by l.repository_id, l.blob_id limit $3`)
export const tagPage = statement<TagRow>(`
  select ${tagColumns} from tag t where (t.repository_id, t.name) > ($1, $2) order by t.repository_id, t.name limit $3`)
export const trashPage = statement<TrashRow>(`select ${trashColumns} from trash d where d.id > $1 order by d.id limit $2`)
