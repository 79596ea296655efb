import { statement, type Tx } from '../../database/index.ts'
import { versionKey } from '../../lib/index.ts'
import type { BlobState, LinkState, ManifestState, NamespaceState, ObjectState, RepositoryState, TagState, TrashState } from './recovery-record.ts'

/**
 * Puts what a segment says into the tables of a new database that nobody else uses yet. Each `put` answers `added`, `changed`,
 * or `homeless` when what it belongs to is not there (then it is gone by a later record); each `drop` answers whether it was
 * there.
 */

export type Put = 'added' | 'changed' | 'homeless'

// Within one moment the records have no order: who had a name before may still have it when the record of its new owner comes.
const displaceNamespace = statement<{ id: number }>(`
  update namespace set name = '=' || id where name = $2 and id <> $1 and deleted_at is null returning id`)
const displaceRepository = statement<{ id: number }>(`
  update repository set path = '=' || id where path = $2 and id <> $1 and deleted_at is null returning id`)

/** Takes a name from the row that has it, whose own record says what it is called now; answers its id. */
export async function displace(tx: Tx, kind: 'namespace' | 'repository', id: number, name: string): Promise<number | undefined> {
  return (await tx.one(kind === 'namespace' ? displaceNamespace : displaceRepository, id, name))?.id
}

const insertNamespace = statement(`
  insert into namespace (id, domain_id, name, state, created_at, deleted_at) values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`)
const updateNamespace = statement('update namespace set name = $3, state = $4, created_at = $5, deleted_at = $6 where id = $1 and domain_id = $2')
const dropNamespaceRow = statement('delete from namespace where id = $1')

export async function putNamespace(tx: Tx, id: number, row: NamespaceState): Promise<Put> {
  const values = [id, row.domainId, row.name, row.state, row.createdAt, row.deletedAt] as const
  if ((await tx.run(insertNamespace, ...values)) > 0) return 'added'
  await tx.run(updateNamespace, ...values)
  return 'changed'
}

export async function dropNamespace(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(dropNamespaceRow, id)) > 0
}

const insertRepository = statement(`
  insert into repository (id, namespace_id, path, kind, format, state, created_at, deleted_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing`)
const updateRepository = statement(`
  update repository set namespace_id = $2, path = $3, kind = $4, format = $5, state = $6, created_at = $7, deleted_at = $8 where id = $1`)
const dropRepositoryRow = statement('delete from repository where id = $1')

export async function putRepository(tx: Tx, id: number, row: RepositoryState): Promise<Put> {
  const values = [id, row.namespaceId, row.path, row.kind, row.format, row.state, row.createdAt, row.deletedAt] as const
  if ((await tx.run(insertRepository, ...values)) > 0) return 'added'
  await tx.run(updateRepository, ...values)
  return 'changed'
}

export async function dropRepository(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(dropRepositoryRow, id)) > 0
}

interface BlobRow {
  readonly id: number
  readonly size: number
  readonly object_id: string | null
}

const findBlob = statement<BlobRow>('select id, size, object_id from blob where domain_id = 1 and digest = $1')
const insertBlob = statement<{ id: number }>('insert into blob (domain_id, digest, size, object_id) values (1, $1, $2, $3) returning id')
const updateBlob = statement('update blob set size = $2, object_id = $3 where id = $1')
const dropBlobRow = statement('delete from blob where id = $1')
const putObject = statement(`
  insert into object (id, store_id, key, encoding, stored_size, state, since) values ($1, 1, $2, $3, $4, $5, $6)
  on conflict (id) do update set key = excluded.key, encoding = excluded.encoding, stored_size = excluded.stored_size,
    state = excluded.state, since = excluded.since`)
const dropObject = statement('delete from object where id = $1')
const putContent = statement('insert into content (blob_id, bytes) values ($1, $2) on conflict (blob_id) do nothing')
const dropContent = statement('delete from content where blob_id = $1')

/** Answers the size that it had before, or undefined when it is new. */
export async function putBlob(
  tx: Tx,
  digest: string,
  { size, object }: BlobState,
  bytes: Uint8Array | undefined,
  dueAt: number,
): Promise<number | undefined> {
  if (object !== null) await keepObject(tx, object)
  const present = await tx.one(findBlob, digest)
  const id = present?.id ?? (await tx.one(insertBlob, digest, size, object?.id ?? null))?.id
  if (id === undefined) throw new Error(`no row for the blob ${digest}`)
  if (present === undefined) await queue(tx, 'blob', String(id), dueAt)
  else await tx.run(updateBlob, id, size, object?.id ?? null)
  const before = present?.object_id ?? null
  if (before !== null && before !== object?.id) await tx.run(dropObject, before)
  await (bytes === undefined ? tx.run(dropContent, id) : tx.run(putContent, id, bytes))
  return present?.size
}

async function keepObject(tx: Tx, { id, key, encoding, storedSize, state, since }: ObjectState): Promise<void> {
  await tx.run(putObject, id, key, encoding, storedSize, state, since)
}

/** Answers the size that it had, or undefined when it was not there. Its file, if any, is left alone. */
export async function dropBlob(tx: Tx, digest: string): Promise<number | undefined> {
  const present = await tx.one(findBlob, digest)
  if (present === undefined) return undefined
  await tx.run(dropContent, present.id)
  await tx.run(dropBlobRow, present.id)
  await unqueue(tx, 'blob', String(present.id))
  if (present.object_id !== null) await tx.run(dropObject, present.object_id)
  return present.size
}

const insertManifest = statement(`
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, artifact_type, subject_digest, annotations,
    pushed_at, pushed_by, last_pulled_at, deleted_at, size)
  select r.id, b.digest, b.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, b.size) from repository r join blob b on b.domain_id = 1 and b.digest = $2
  where r.id = $1 on conflict (repository_id, digest) do nothing`)
const updateManifest = statement(`
  update manifest set content_sha256 = $3, media_type = $4, artifact_type = $5, subject_digest = $6, annotations = $7,
    pushed_at = $8, pushed_by = $9, last_pulled_at = $10, deleted_at = $11, size = coalesce($12, size)
  where repository_id = $1 and digest = $2`)
const dropReferences = statement('delete from reference where repository_id = $1 and manifest_digest = $2')
const putReferences = statement({
  sqlite: `
    insert into reference (repository_id, manifest_digest, kind, child_digest, awaited)
    select $1, $2, value ->> 0, value ->> 1, coalesce(value ->> 2, 0) from json_each($3)`,
  postgres: `
    insert into reference (repository_id, manifest_digest, kind, child_digest, awaited)
    select $1, $2, value ->> 0, value ->> 1, coalesce((value ->> 2)::bigint, 0) from json_array_elements($3::json)`,
})
const dropManifestRow = statement('delete from manifest where repository_id = $1 and digest = $2')

export async function putManifest(tx: Tx, repositoryId: number, digest: string, row: ManifestState): Promise<Put> {
  const { contentSha256, mediaType, artifactType, subject, annotations, pushedAt, pushedBy, lastPulledAt, deletedAt, size } = row
  const data = [contentSha256, mediaType, artifactType, subject, annotations, pushedAt, pushedBy, lastPulledAt, deletedAt, size ?? null] as const
  const added = (await tx.run(insertManifest, repositoryId, digest, ...data)) > 0
  if (!added && (await tx.run(updateManifest, repositoryId, digest, ...data)) === 0) return 'homeless'
  await tx.run(dropReferences, repositoryId, digest)
  await tx.run(putReferences, repositoryId, digest, JSON.stringify(row.references))
  return added ? 'added' : 'changed'
}

export async function dropManifest(tx: Tx, repositoryId: number, digest: string): Promise<boolean> {
  await tx.run(dropReferences, repositoryId, digest)
  return (await tx.run(dropManifestRow, repositoryId, digest)) > 0
}

const insertLink = statement<{ blob_id: number }>(`
  insert into link (repository_id, blob_id, lease_until, deleted_at)
  select r.id, b.id, $3, $4 from repository r join blob b on b.domain_id = 1 and b.digest = $2 where r.id = $1
  on conflict (repository_id, blob_id) do nothing returning blob_id`)
const updateLink = statement(`
  update link set deleted_at = $3
  where repository_id = $1 and blob_id = (select b.id from blob b where b.domain_id = 1 and b.digest = $2)`)
const dropLinkRow = statement<{ blob_id: number }>(`
  delete from link where repository_id = $1 and blob_id = (select b.id from blob b where b.domain_id = 1 and b.digest = $2)
  returning blob_id`)

/** Leased until `dueAt`, when the collector looks at it: nothing is known of the lease it had. */
export async function putLink(tx: Tx, repositoryId: number, digest: string, { deletedAt }: LinkState, dueAt: number): Promise<Put> {
  const added = await tx.one(insertLink, repositoryId, digest, dueAt, deletedAt)
  if (added === undefined) return (await tx.run(updateLink, repositoryId, digest, deletedAt)) > 0 ? 'changed' : 'homeless'
  await queue(tx, 'link', `${repositoryId}:${added.blob_id}`, dueAt)
  return 'added'
}

export async function dropLink(tx: Tx, repositoryId: number, digest: string): Promise<boolean> {
  const dropped = await tx.one(dropLinkRow, repositoryId, digest)
  if (dropped !== undefined) await unqueue(tx, 'link', `${repositoryId}:${dropped.blob_id}`)
  return dropped !== undefined
}

const insertTag = statement(`
  insert into tag (repository_id, name, digest, created_at, updated_at, updated_by, version_key, size, pulled_at)
  select m.repository_id, $2, m.digest, $4, $5, $6, $7, m.size, coalesce(m.last_pulled_at, 0) from manifest m where m.repository_id = $1 and m.digest = $3
  on conflict (repository_id, name) do nothing`)
const updateTag = statement(`
  update tag set digest = m.digest, created_at = $4, updated_at = $5, updated_by = $6, size = m.size
  from manifest m where tag.repository_id = $1 and tag.name = $2 and m.repository_id = $1 and m.digest = $3`)
const dropTagRow = statement('delete from tag where repository_id = $1 and name = $2')

export async function putTag(tx: Tx, repositoryId: number, name: string, row: TagState): Promise<Put> {
  const values = [repositoryId, name, row.digest, row.createdAt, row.updatedAt, row.updatedBy] as const
  if ((await tx.run(insertTag, ...values, versionKey(name))) > 0) return 'added'
  return (await tx.run(updateTag, ...values)) > 0 ? 'changed' : 'homeless'
}

export async function dropTag(tx: Tx, repositoryId: number, name: string): Promise<boolean> {
  return (await tx.run(dropTagRow, repositoryId, name)) > 0
}

const upsertTrash = statement(`
  insert into trash (id, kind, namespace_id, repository_id, path, tag, digest, cause, deleted_at, deleted_by, purge_at, detail)
  select cast($1 as bigint), $2, n.id, cast($4 as bigint), $5, $6, $7, $8, $9, $10, $11, $12 from namespace n
  where n.id = $3 and (cast($4 as bigint) is null or exists (select 1 from repository r where r.id = cast($4 as bigint)))
  on conflict (id) do update set purge_at = excluded.purge_at`)
const dropTrashRow = statement('delete from trash where id = $1')

export async function putTrash(tx: Tx, id: number, row: TrashState): Promise<Put> {
  const place = [row.namespaceId, row.repositoryId, row.path, row.tag, row.digest] as const
  const rest = [row.cause, row.deletedAt, row.deletedBy, row.purgeAt, row.detail] as const
  return (await tx.run(upsertTrash, id, row.kind, ...place, ...rest)) > 0 ? 'changed' : 'homeless'
}

export async function dropTrash(tx: Tx, id: number): Promise<boolean> {
  return (await tx.run(dropTrashRow, id)) > 0
}

const enqueue = statement('insert into gc_queue (kind, key, due_at) values ($1, $2, $3) on conflict (kind, key) do nothing')
const dequeue = statement('delete from gc_queue where kind = $1 and key = $2')

async function queue(tx: Tx, kind: 'blob' | 'link', key: string, dueAt: number): Promise<void> {
  await tx.run(enqueue, kind, key, dueAt)
}

async function unqueue(tx: Tx, kind: 'blob' | 'link', key: string): Promise<void> {
  await tx.run(dequeue, kind, key)
}
