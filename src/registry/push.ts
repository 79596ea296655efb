import type { Database } from '../database/index.ts'
import { digestAlgorithm, digestBytes, parseManifest, RegistryError, type Digest, type ManifestChild, type Reference } from '../oci/index.ts'
import { admit, pushEvidence, tagEvidence } from './admission.ts'
import { resultOf } from './failure.ts'
import { putManifest } from './manifest-transactions.ts'
import type { Authorize, EnsureRepository, MayCreate, Meter } from './ports.ts'
import type { ManifestUpload, Push } from './registry.ts'
import type { RegistrySettings, SparseMode } from './settings.ts'

export interface PushDeps {
  readonly database: Database
  readonly authorize: Authorize
  readonly ensureRepository: EnsureRepository
  readonly meter: Meter
  readonly settings: RegistrySettings
}

const anything: MayCreate = Object.freeze({ repository: true, newProject: true })

/** The answer while there is no access control. */
export const createAnything: EnsureRepository = () => anything

export function createPush({ database, authorize, ensureRepository, meter, settings }: PushDeps): Push {
  return {
    manifest: async (actor, repository, reference, upload) => {
      const project = await admit(authorize, actor, 'push', repository)
      const contentSha256 = digestBytes(upload.bytes, 'sha256')
      const digest = verifiedDigest(reference, upload, contentSha256)
      const parsed = parseManifest(upload.bytes, upload.contentType)
      const names = reference.kind === 'tag' ? [reference.tag] : upload.tags
      const tags = []
      for (const name of new Set(names)) tags.push(await tagEvidence(authorize, actor, repository, name))
      const outcome = await database.transact(putManifest, {
        repository,
        actor: { identity: actor.identity, address: actor.address },
        may: await pushEvidence(ensureRepository, actor, repository, project),
        digest,
        contentSha256,
        bytes: upload.bytes,
        mediaType: parsed.mediaType,
        artifactType: parsed.artifactType,
        subject: parsed.subject,
        annotations: parsed.annotations,
        children: parsed.children.map((child) => ({ digest: child.digest, kind: child.kind, required: isRequired(child, settings.sparse) })),
        tags,
        precondition: upload.precondition,
      })
      const { digest: held, absent, repository: repositoryId } = resultOf(outcome)
      meter.pushedManifest(actor, repositoryId, upload.bytes.length)
      const pushed = { digest: held as Digest, mediaType: parsed.mediaType, subject: parsed.subject, tags: tags.map(({ name }) => name) }
      return { ...pushed, absent: settings.sparse === 'off' ? 0 : absent }
    },
  }
}

function isRequired({ kind, required }: ManifestChild, sparse: SparseMode): boolean {
  return required && (sparse === 'off' || (sparse === 'index' && kind !== 'child'))
}

/** The digest in the address, which the bytes must have; absent for a put by tag. */
function verifiedDigest(reference: Reference, { bytes }: ManifestUpload, sha256: Digest): Digest | undefined {
  if (reference.kind === 'tag') return undefined
  const algorithm = digestAlgorithm(reference.digest)
  const actual = algorithm === 'sha256' ? sha256 : digestBytes(bytes, algorithm)
  if (actual === reference.digest) return actual
  throw new RegistryError('DIGEST_INVALID', {
    message: `the manifest sent has the digest ${actual}, not ${reference.digest}`,
    detail: { expected: reference.digest, actual },
  })
}
