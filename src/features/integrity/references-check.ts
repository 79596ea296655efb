import { isDigest, parseManifest, RegistryError } from '../../oci/index.ts'
import { affectingRepository } from './affected.ts'
import { pageOf, type Check, type Scene } from './check.ts'
import { finding, type Finding } from './finding.ts'
import { bytesOf, referencesAfter, type ReferenceRow } from './integrity-store.ts'

/** What manifests refer to: each is a blob or a manifest that its repository has, unless it need not be here. */
export function referencesCheck({ database }: Scene): Check {
  const judge = async (row: ReferenceRow): Promise<Finding | undefined> => {
    const found = await judgeReference(database, row)
    return found && (await affectingRepository(database, found, { id: row.repository_id, path: row.path }, row.manifest_digest))
  }
  const keyOf = (row: ReferenceRow) => [row.repository_id, row.manifest_digest, row.child_digest, row.kind]
  return Object.freeze<Check>({
    name: 'references',
    page: ([repository = 0, manifest = '', child = '', kind = ''] = []) =>
      pageOf(() => database.all(referencesAfter, repository, manifest, child, kind), keyOf, judge),
  })
}

async function judgeReference(database: Scene['database'], row: ReferenceRow): Promise<Finding | undefined> {
  const subject = { manifest: row.manifest_digest, digest: row.child_digest, ...(row.path === null ? {} : { repository: row.path }) }
  if (row.path === null) return finding('reference-dangling', subject, 'its repository is not there')
  if (row.blob_id === null || row.media_type === null) return finding('reference-dangling', subject, 'its manifest is not there')
  if (row.child_here === 1 || row.awaited === 1) return undefined
  if (!(await isRequired(database, row.blob_id, row.media_type, row.child_digest))) return undefined
  return finding('manifest-child-missing', subject)
}

/** Foreign layers, and what a manifest of an unknown type names, may be absent: only the manifest itself tells. */
async function isRequired(database: Scene['database'], blobId: number, mediaType: string, digest: string): Promise<boolean> {
  const content = await database.one(bytesOf, blobId)
  // Deleted since the row was read, or a finding of its own.
  if (content === undefined) return false
  if (!isDigest(digest)) return true
  try {
    const { children } = parseManifest(content.bytes, mediaType)
    return children.some((child) => child.digest === digest && child.required)
  } catch (error) {
    // Damaged, which is a finding of its own; what it needs is not known.
    if (error instanceof RegistryError) return true
    throw error
  }
}
