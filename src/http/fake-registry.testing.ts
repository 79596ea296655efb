import { createSeededIds } from '../lib/index.ts'
import {
  type Digest,
  digestAlgorithm,
  digestBytes,
  type Reference,
  RegistryError,
  type RepositoryName,
  type ReferrerDescriptor,
} from '../oci/index.ts'
import type { NamePage, Page, PulledBlob, PulledManifest, Registry, UploadBody } from '../registry/index.ts'

type Opened = Awaited<ReturnType<PulledBlob['open']>>

/** What one repository of the fake holds; tests fill it directly. */
export interface FakeRepository {
  readonly blobs: Map<string, Uint8Array<ArrayBuffer>>
  readonly manifests: Map<string, PulledManifest>
  readonly tags: Map<string, Digest>
  readonly uploads: Map<string, Uint8Array<ArrayBuffer>>
  readonly referrers: ReferrerDescriptor[]
}

export interface FakeRegistry {
  readonly registry: Registry
  /** Creates the repository when there is none. */
  repository(name: string): FakeRepository
  /** How the bytes of blobs are handed out; as bytes unless a test sets it. */
  open: ((bytes: Uint8Array<ArrayBuffer>, whole: Uint8Array<ArrayBuffer>) => Opened) | undefined
  /** What a push says is missing. */
  absent: number
  /** How often the core was asked for anything. */
  calls: number
}

/** A core that keeps all in memory and knows nothing of rights, enough to see what the HTTP layer asks of it. */
export function createFakeRegistry(): FakeRegistry {
  const repositories = new Map<string, FakeRepository>()
  const ids = createSeededIds(1)

  function repository(name: string): FakeRepository {
    const known = repositories.get(name)
    if (known !== undefined) return known
    const made = { blobs: new Map(), manifests: new Map(), tags: new Map(), uploads: new Map(), referrers: [] }
    repositories.set(name, made)
    return made
  }

  function existing(name: string): FakeRepository {
    fake.calls++
    const found = repositories.get(name)
    if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
    return found
  }

  function findManifest(name: RepositoryName, reference: Reference): PulledManifest {
    const { tags, manifests } = existing(name)
    const digest = reference.kind === 'digest' ? reference.digest : tags.get(reference.tag)
    const found = digest === undefined ? undefined : manifests.get(digest)
    if (found === undefined) throw new RegistryError('MANIFEST_UNKNOWN')
    return found
  }

  function findBlob(name: RepositoryName, digest: Digest): Uint8Array<ArrayBuffer> {
    const found = existing(name).blobs.get(digest)
    if (found === undefined) throw new RegistryError('BLOB_UNKNOWN')
    return found
  }

  function findUpload(name: RepositoryName, id: string): Uint8Array<ArrayBuffer> {
    fake.calls++
    const found = repositories.get(name)?.uploads.get(id)
    if (found === undefined) throw new RegistryError('BLOB_UPLOAD_UNKNOWN')
    return found
  }

  async function append(name: RepositoryName, id: string, body: UploadBody): Promise<Uint8Array<ArrayBuffer>> {
    const before = findUpload(name, id)
    if (body.range !== undefined && body.range.first !== before.length) {
      throw new RegistryError('RANGE_INVALID', { detail: { id, offset: before.length } })
    }
    const all = Buffer.concat([before, await readAll(body)])
    repository(name).uploads.set(id, all)
    return all
  }

  function store(name: RepositoryName, digest: Digest, bytes: Uint8Array<ArrayBuffer>): void {
    if (digestBytes(bytes, digestAlgorithm(digest)) !== digest) throw new RegistryError('DIGEST_INVALID')
    repository(name).blobs.set(digest, bytes)
  }

  /** What the routes of OCI have no use for. */
  const unasked = () => Promise.reject(new Error('nobody asks this'))

  const registry: Registry = {
    pull: {
      manifest: async (_actor, name, reference) => findManifest(name, reference),
      statManifest: async (_actor, name, reference) => findManifest(name, reference),
      statBlob: async (_actor, name, digest) => ({ digest, size: findBlob(name, digest).length }),
      blob: async (_actor, name, digest) => {
        const whole = findBlob(name, digest)
        const open = async (range?: { start: number; end: number }): Promise<Opened> => {
          const bytes = range === undefined ? whole : whole.slice(range.start, range.end + 1)
          return fake.open?.(bytes, whole) ?? { kind: 'bytes', bytes, size: whole.length }
        }
        return { digest, size: whole.length, open }
      },
    },
    uploads: {
      begin: async (_actor, name) => {
        fake.calls++
        const id = ids.uuid()
        repository(name).uploads.set(id, new Uint8Array(0))
        return { id, offset: 0 }
      },
      mount: async (_actor, name, digest, from) => {
        fake.calls++
        const sources = from === undefined ? [...repositories.values()] : [repositories.get(from)]
        const found = sources.map((source) => source?.blobs.get(digest)).find((bytes) => bytes !== undefined)
        if (found !== undefined) repository(name).blobs.set(digest, found)
        return found !== undefined
      },
      status: async (_actor, name, id) => ({ id, offset: findUpload(name, id).length }),
      append: async (_actor, name, id, body) => ({ id, offset: (await append(name, id, body)).length }),
      finish: async (_actor, name, id, digest, body) => {
        store(name, digest, await append(name, id, body))
        repository(name).uploads.delete(id)
      },
      pushWhole: async (_actor, name, digest, body) => store(name, digest, await readAll(body)),
      cancel: async (_actor, name, id) => {
        findUpload(name, id)
        repository(name).uploads.delete(id)
      },
    },
    push: {
      manifest: async (_actor, name, reference, { bytes, contentType, tags }) => {
        fake.calls++
        const parsed = JSON.parse(new TextDecoder().decode(bytes)) as { mediaType?: string; subject?: { digest: Digest } }
        const digest = reference.kind === 'digest' ? reference.digest : digestBytes(bytes, 'sha256')
        const mediaType = contentType ?? parsed.mediaType ?? 'application/octet-stream'
        repository(name).manifests.set(digest, { digest, mediaType, size: bytes.length, bytes })
        const all = reference.kind === 'tag' ? [reference.tag] : tags
        for (const tag of all) repository(name).tags.set(tag, digest)
        return { digest, mediaType, absent: fake.absent, subject: parsed.subject?.digest, tags }
      },
    },
    deletes: {
      manifest: async (_actor, name, reference) => {
        const { digest } = findManifest(name, reference)
        if (reference.kind === 'tag') existing(name).tags.delete(reference.tag)
        else existing(name).manifests.delete(digest)
      },
      blob: async (_actor, name, digest) => {
        findBlob(name, digest)
        existing(name).blobs.delete(digest)
      },
    },
    lists: {
      tags: async (_actor, name, page) => pageOf([...existing(name).tags.keys()], page),
      repositories: async (_actor, page) => pageOf([...repositories.keys()], page),
      referrers: async (_actor, name, _subject, page) => {
        fake.calls++
        const all = (repositories.get(name)?.referrers ?? [])
          .filter(({ artifactType }) => page.artifactType === undefined || artifactType === page.artifactType)
          .filter(({ digest }) => page.last === undefined || digest > page.last)
          .sort((a, b) => (a.digest < b.digest ? -1 : 1))
        const descriptors = all.slice(0, page.limit)
        return { descriptors, next: descriptors.length < all.length ? descriptors.at(-1)?.digest : undefined }
      },
    },
    tags: { list: unasked, get: unasked, history: unasked, at: unasked, revert: unasked },
    trash: { list: unasked, get: unasked, restore: unasked, purge: unasked },
  }
  const fake: FakeRegistry = { registry, repository, open: undefined, absent: 0, calls: 0 }
  return fake
}


function pageOf(names: readonly string[], { limit, last }: Page): NamePage {
  const after = names.filter((name) => last === undefined || name > last).sort()
  const shown = after.slice(0, limit)
  return { names: shown, more: shown.length < after.length }
}

async function readAll(body: UploadBody): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  const reader = body.stream?.getReader()
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) chunks.push(chunk.value)
  const bytes = Buffer.concat(chunks)
  if (body.length !== undefined && body.length !== bytes.length) throw new RegistryError('SIZE_INVALID')
  return bytes
}
