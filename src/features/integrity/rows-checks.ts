import { digestAlgorithm, digestBytes, isDigest } from '../../oci/index.ts'
import { affectingBlob, affectingRepository } from './affected.ts'
import { pageOf, type Check, type CheckName, type Page, type Position, type Scene } from './check.ts'
import { finding, type Finding } from './finding.ts'
import {
  blobsAfter,
  bytesOf,
  contentsAfter,
  integrityOfFile,
  linksAfter,
  manifestsAfter,
  tagsAfter,
  type BlobRow,
  type ContentRow,
  type LinkRow,
  type ManifestRow,
  type TagRow,
} from './integrity-store.ts'

const check = (name: CheckName, page: (after: Position | undefined) => Promise<Page>): Check => Object.freeze({ name, page })

/** The file of an SQLite database, by SQLite itself. PostgreSQL sees to its own. */
export function databaseCheck({ database }: Scene): Check {
  return check('database', async () => {
    const lines = database.dialect === 'sqlite' ? await database.all(integrityOfFile) : []
    const wrong = lines.map((line) => line.integrity_check).filter((line) => line !== 'ok')
    return { findings: wrong.map((line) => finding('database-corrupt', {}, line)), looked: lines.length, next: undefined }
  })
}

/** Inline bytes: manifests and small blobs. They are always hashed. */
export function contentsCheck(scene: Scene): Check {
  const { database } = scene
  return check('contents', ([after = 0] = []) =>
    pageOf(() => database.all(contentsAfter, after), (row: ContentRow) => [row.blob_id], (row) => judgeContent(scene, row)),
  )
}

async function judgeContent({ database, pace }: Scene, row: ContentRow): Promise<Finding | undefined> {
  const { blob_id: blobId, digest } = row
  const content = await database.one(bytesOf, blobId)
  // Collected since the page was read.
  if (content === undefined) return undefined
  if (digest === null) return finding('content-without-blob', { row: String(blobId) })
  await pace(content.bytes.length)
  const actual = isDigest(digest) ? digestBytes(content.bytes, digestAlgorithm(digest)) : 'none that can be compared'
  if (actual === digest && content.bytes.length === row.size) return undefined
  const detail = `${content.bytes.length} of ${row.size} bytes, with the digest ${actual}`
  return await affectingBlob(database, finding('content-corrupt', { digest }, detail, { kind: 'drop content', blobId }), blobId, digest)
}

export function blobsCheck({ database }: Scene): Check {
  const judge = async (row: BlobRow): Promise<Finding | undefined> => {
    const found = findingOfBlob(row)
    return found && (await affectingBlob(database, found, row.id, row.digest))
  }
  return check('blobs', ([after = 0] = []) => pageOf(() => database.all(blobsAfter, after), (row: BlobRow) => [row.id], judge))
}

function findingOfBlob({ id, digest, object_id: object, ...row }: BlobRow): Finding | undefined {
  if (object !== null && row.has_object === 0) return finding('blob-object-unknown', { digest, object })
  if (object === null && row.has_content === 0) return finding('blob-without-bytes', { digest })
  if (row.held === 1 || row.queued === 1) return undefined
  return finding('blob-not-queued', { digest }, '', { kind: 'queue', queue: 'blob', key: String(id) })
}

export function linksCheck({ database }: Scene): Check {
  const judge = ({ repository_id: repositoryId, blob_id: blobId, ...row }: LinkRow): Finding | undefined => {
    const subject = {
      row: `${repositoryId}:${blobId}`,
      ...(row.path === null ? {} : { repository: row.path }),
      ...(row.digest === null ? {} : { digest: row.digest }),
    }
    if (row.path === null) return finding('link-dangling', subject, 'its repository is not there')
    if (row.digest === null) return finding('link-dangling', subject, 'its blob is not there')
    if (row.referenced === 1 || row.queued === 1) return undefined
    return finding('link-not-queued', subject, '', { kind: 'queue', queue: 'link', key: subject.row })
  }
  return check('links', ([repository = 0, blob = 0] = []) =>
    pageOf(() => database.all(linksAfter, repository, blob), (row: LinkRow) => [row.repository_id, row.blob_id], judge),
  )
}

export function manifestsCheck({ database }: Scene): Check {
  const judge = async (row: ManifestRow): Promise<Finding | undefined> => {
    const found = findingOfManifest(row)
    if (found === undefined || found.code === 'manifest-not-noted') return found
    return await affectingRepository(database, found, { id: row.repository_id, path: row.path }, row.digest)
  }
  return check('manifests', ([repository = 0, digest = ''] = []) =>
    pageOf(() => database.all(manifestsAfter, repository, digest), (row: ManifestRow) => [row.repository_id, row.digest], judge),
  )
}

function findingOfManifest({ repository_id: id, digest, path, ...row }: ManifestRow): Finding | undefined {
  const subject = { manifest: digest, ...(path === null ? { row: String(id) } : { repository: path }) }
  if (path === null) return finding('manifest-dangling', subject, 'its repository is not there')
  if (row.blob_digest === null) return finding('manifest-dangling', subject, 'its blob is not there')
  if (row.blob_digest !== digest) return finding('manifest-dangling', subject, `its blob has the digest ${row.blob_digest}`)
  if (row.has_content === 0) return finding('manifest-without-bytes', subject)
  if (row.forgotten === 1) return finding('manifest-not-in-trash', subject)
  return row.noted === 1 ? undefined : finding('manifest-not-noted', subject, '', { kind: 'queue', queue: 'manifest', key: `${id}:${digest}` })
}

export function tagsCheck({ database }: Scene): Check {
  const judge = ({ repository_id: id, name: tag, digest, path, ...row }: TagRow): Finding | undefined => {
    if (path === null) return finding('tag-dangling', { tag, manifest: digest, row: String(id) }, 'its repository is not there')
    if (row.has_manifest === 1) return undefined
    const found = finding('tag-dangling', { repository: path, tag, manifest: digest }, 'its manifest is not there')
    return { ...found, affected: [{ repository: path, tags: [tag] }] }
  }
  return check('tags', ([repository = 0, name = ''] = []) =>
    pageOf(() => database.all(tagsAfter, repository, name), (row: TagRow) => [row.repository_id, row.name], judge),
  )
}
