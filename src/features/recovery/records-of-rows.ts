import type { Reads } from '../../database/index.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import { contents, type BlobRow, type LinkRow, type ManifestRow, type NamespaceRow, type RepositoryRow, type TagRow, type TrashRow } from './state-store.ts'

/** Rows as records that say they exist. */

export function namespaceRecord({ id, domain_id, name, state, created_at, deleted_at }: NamespaceRow): RecoveryRecord {
  return { kind: 'namespace', key: [id], row: { domainId: domain_id, name, state, createdAt: created_at, deletedAt: deleted_at } }
}

export function repositoryRecord(row: RepositoryRow): RecoveryRecord {
  const { id, namespace_id: namespaceId, path, kind, format, state, created_at: createdAt, deleted_at: deletedAt } = row
  return { kind: 'repository', key: [id], row: { namespaceId, path, kind, format, state, createdAt, deletedAt } }
}

export function manifestRecord(row: ManifestRow): RecoveryRecord {
  return {
    kind: 'manifest',
    key: [row.repository_id, row.digest],
    row: {
      contentSha256: row.content_sha256,
      mediaType: row.media_type,
      artifactType: row.artifact_type,
      subject: row.subject_digest,
      annotations: row.annotations,
      pushedAt: row.pushed_at,
      pushedBy: row.pushed_by,
      lastPulledAt: row.last_pulled_at,
      deletedAt: row.deleted_at,
      size: row.size,
      references: JSON.parse(row.children ?? '[]') as [string, string, number][],
    },
  }
}

export function linkRecord({ repository_id, digest, deleted_at }: LinkRow): RecoveryRecord {
  return { kind: 'link', key: [repository_id, digest], row: { deletedAt: deleted_at } }
}

export function tagRecord({ repository_id, name, digest, created_at, updated_at, updated_by }: TagRow): RecoveryRecord {
  return { kind: 'tag', key: [repository_id, name], row: { digest, createdAt: created_at, updatedAt: updated_at, updatedBy: updated_by } }
}

export function trashRecord(row: TrashRow): RecoveryRecord {
  const { id, kind, path, tag, digest, cause, detail } = row
  const place = { namespaceId: row.namespace_id, repositoryId: row.repository_id, path }
  const times = { deletedAt: row.deleted_at, deletedBy: row.deleted_by, purgeAt: row.purge_at }
  return { kind: 'trash', key: [id], row: { kind, ...place, tag, digest, cause, ...times, detail } }
}

/** Bytes of content read at once, unless one alone has more. */
const contentAtOnce = 1024 * 1024

/** Blobs, in this order, with their inline bytes, which are read a few at a time: a manifest may have megabytes. */
export async function* blobRecords(moment: Reads, rows: readonly BlobRow[]): AsyncGenerator<RecoveryRecord> {
  let waiting: BlobRow[] = []
  let size = 0
  for (const row of rows) {
    const own = row.inlined === 0 ? 0 : row.size
    if (waiting.length > 0 && size + own > contentAtOnce) {
      yield* withContent(moment, waiting)
      waiting = []
      size = 0
    }
    waiting.push(row)
    size += own
  }
  yield* withContent(moment, waiting)
}

async function* withContent(moment: Reads, rows: readonly BlobRow[]): AsyncGenerator<RecoveryRecord> {
  const inlined = rows.filter((row) => row.inlined !== 0).map(({ id }) => id)
  const found = inlined.length === 0 ? [] : await moment.all(contents, JSON.stringify(inlined))
  const byId = new Map(found.map(({ blob_id, bytes }) => [blob_id, bytes]))
  for (const row of rows) yield blobRecord(row, byId.get(row.id))
}

function blobRecord(row: BlobRow, bytes: Uint8Array | undefined): RecoveryRecord {
  const { object_id: id, key, encoding, stored_size: storedSize, state, since } = row
  const object = id === null ? null : { id, key, encoding, storedSize, state, since }
  return { kind: 'blob', key: [row.digest], row: { size: row.size, object }, bytes }
}
