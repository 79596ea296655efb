import { preconditionHolds, type Digest, type Precondition } from '../../src/oci/index.ts'
import { emptyRepository, isReferenced, moveTag, type Kept, type Link, type ModelState, type Repository } from './model-state.ts'
import { takeOut } from './model-undo.ts'
import type { PooledChild, PooledManifest } from './pool.ts'
import type { Damage, ManifestReference } from './operation.ts'
import { Refused, type Limits } from './refused.ts'

interface Blob {
  readonly digest: Digest
  readonly size: number
}

interface PageOf {
  readonly limit?: number | undefined
  readonly last?: string | undefined
}

/**
 * What a registry is, without how: what each call answers when calls come one after the other. No locks, no files, no queue, no
 * cache. This is the specification of `src/registry`; ModelUploads is the part of it about upload sessions, ModelUndo that about the trash
 * and the history of tags.
 */
export class ModelRegistry {
  readonly state: ModelState
  readonly #limits: Limits

  constructor(limits: Limits, state: ModelState) {
    this.#limits = limits
    this.state = state
  }

  // Pushing

  /** Any first write makes the repository. */
  take(name: string): Repository {
    const known = this.state.repositories.get(name)
    if (known !== undefined) return known
    const made = emptyRepository()
    this.state.repositories.set(name, made)
    return made
  }

  /** So many bytes of a blob come in: where they will be an object, the repository is made before their digest is known. */
  receive(name: string, size: number): void {
    if (size > this.#limits.inline) this.take(name)
  }

  /** The bytes came whole and with the right digest. */
  commit(name: string, { digest, size }: Blob): void {
    if (size > this.#limits.inline) {
      // Bytes of the right length are taken for good, as long as nobody has read them; others are replaced by the new ones.
      const file = this.state.files.get(digest)
      if (file === undefined) this.state.files.set(digest, { condition: 'whole' })
      else if (file.condition !== 'flipped') file.condition = 'whole'
    }
    this.#hold(name, digest)
  }

  mount(name: string, digest: Digest, from: string | undefined): boolean {
    const sources = from === undefined ? [...this.state.repositories.keys()] : [from]
    const found = sources.some((source) => this.#holds(source, digest))
    if (found) this.#hold(name, digest)
    return found
  }

  put(name: string, manifest: PooledManifest, digest: Digest | undefined, tags: readonly string[], precondition?: Precondition) {
    const repository = this.state.repositories.get(name)
    const { sparse } = this.#limits
    const mayLack = ({ kind, required }: PooledChild) => !required || sparse === 'all' || (sparse === 'index' && kind === 'child')
    const here = new Set(manifest.children.filter((child) => this.#hasChild(name, child.kind, child.digest)).map((child) => child.digest))
    const missing = manifest.children.filter((child) => !here.has(child.digest))
    if (!missing.every(mayLack)) throw new Refused('MANIFEST_BLOB_UNKNOWN')
    const held = digest ?? heldDigest(repository, manifest)
    const present = tags.length > 0 ? tags.map((tag) => repository?.tags.get(tag)) : [repository?.manifests.get(held)?.digest]
    if (!present.every((one) => preconditionHolds(precondition, one))) throw new Refused('PRECONDITION_FAILED')
    const taken = this.take(name)
    taken.manifests.set(held, { manifest, digest: held })
    taken.hidden.delete(held)
    takeOut(taken, taken.trash.find(({ kind, digest: of }) => kind === 'manifest' && of === held))
    for (const tag of tags) moveTag(taken, tag, held, this.state.now)
    const absent = sparse === 'off' ? 0 : new Set(missing.map((child) => child.digest)).size
    return { digest: held, mediaType: manifest.mediaType, subject: manifest.subject, tags, absent }
  }

  // Reading

  manifest(name: string, reference: ManifestReference) {
    const { digest, manifest } = this.#find(this.#visible(name), reference)
    return { digest, mediaType: manifest.mediaType, size: manifest.bytes.length }
  }

  /** HEAD: whoever is told that a blob is here may rely on it for half a lease at least. */
  statBlob(name: string, { digest, size }: Blob) {
    const link = this.#readable(name, digest)
    const { lease } = this.#limits
    if (!isReferenced(this.#visible(name), digest) && link.leaseUntil - this.state.now <= lease / 2) {
      link.leaseUntil = Math.max(link.leaseUntil, this.state.now + lease)
    }
    return { digest, size }
  }

  /** GET reads every byte: what is wrong with them is found out, and from then on the blob counts as missing everywhere. */
  readBlob(name: string, { digest, size }: Blob) {
    this.#readable(name, digest)
    const file = this.state.files.get(digest)
    if (file !== undefined && file.condition !== 'whole') {
      file.condition = 'damaged'
      throw new Refused('BLOB_UNKNOWN')
    }
    return { digest, size }
  }

  tags(name: string, page: PageOf) {
    return pageOf(this.#visible(name).tags.keys(), page)
  }

  repositories(page: PageOf) {
    return pageOf(this.state.repositories.keys(), page)
  }

  referrers(name: string, subject: string, { artifactType, ...page }: PageOf & { readonly artifactType?: string | undefined }) {
    const all = [...(this.state.repositories.get(name)?.manifests.values() ?? [])]
    const named = all.filter(({ manifest }) => manifest.subject === subject)
    const wanted = named.filter(({ manifest }) => artifactType === undefined || manifest.artifactType === artifactType)
    const { names, more } = pageOf(wanted.map(({ digest }) => digest), page)
    const descriptors = names.map((name) => {
      const { manifest, digest } = wanted.find((one) => one.digest === name) as Kept
      const { mediaType, artifactType: type, annotations } = manifest
      return { mediaType, size: manifest.bytes.length, digest, artifactType: type, annotations }
    })
    return { descriptors, next: more ? names.at(-1) : undefined }
  }

  // Deleting

  deleteManifest(name: string, reference: ManifestReference, precondition?: Precondition): void {
    const repository = this.#visible(name)
    const { digest, manifest } = this.#find(repository, reference)
    if (!preconditionHolds(precondition, digest)) throw new Refused('PRECONDITION_FAILED')
    const { retention } = this.#limits
    const [purgeAt, tags] = [this.state.now + retention, [...repository.tags].flatMap(([tag, target]) => (target === digest ? tag : [])).sort()]
    if ('tag' in reference) {
      moveTag(repository, reference.tag, null, this.state.now)
      if (retention > 0) repository.trash.push({ kind: 'tag', digest, tag: reference.tag, tags: [], purgeAt })
      return
    }
    repository.manifests.delete(digest)
    for (const tag of tags) moveTag(repository, tag, null, this.state.now)
    if (retention > 0) {
      repository.hidden.set(digest, { manifest, digest })
      return void repository.trash.push({ kind: 'manifest', digest, tag: undefined, tags, purgeAt })
    }
    // A push that counted on its children still succeeds.
    for (const child of manifest.children) {
      const link = repository.links.get(child.digest)
      if (link !== undefined) link.leaseUntil = Math.max(link.leaseUntil, this.state.now + this.#limits.lease)
    }
  }

  deleteBlob(name: string, digest: Digest): void {
    const repository = this.#visible(name)
    const link = repository.links.get(digest)
    if (link === undefined || link.hidden) throw new Refused('BLOB_UNKNOWN')
    const { retention } = this.#limits
    if (retention > 0) repository.trash.push({ kind: 'blob', digest, tag: undefined, tags: [], purgeAt: this.state.now + retention })
    if (retention > 0 || isReferenced(repository, digest)) link.hidden = true
    else repository.links.delete(digest)
  }

  // Time, and what is not asked for

  /** What no manifest refers to goes when its lease has ended, and the bytes that nobody holds any more. */
  collect(): void {
    for (const repository of this.state.repositories.values()) {
      for (const [digest, { leaseUntil }] of repository.links) {
        const isKept = repository.trash.some((item) => item.kind === 'blob' && item.digest === digest)
        if (leaseUntil <= this.state.now && !isKept && !isReferenced(repository, digest)) repository.links.delete(digest)
      }
    }
    for (const digest of this.state.files.keys()) {
      if (![...this.state.repositories.values()].some(({ links }) => links.has(digest))) this.state.files.delete(digest)
    }
  }

  /** A medium spoils what is stored; what somebody noticed already stays as it is. */
  damage(digest: string, how: Damage): void {
    const file = this.state.files.get(digest)
    if (file !== undefined && file.condition !== 'damaged') file.condition = file.condition === 'truncated' ? 'truncated' : how
  }

  #hold(name: string, digest: Digest): void {
    const repository = this.take(name)
    const { links } = repository
    takeOut(repository, repository.trash.find((item) => item.kind === 'blob' && item.digest === digest))
    const leaseUntil = Math.max(links.get(digest)?.leaseUntil ?? 0, this.state.now + this.#limits.lease)
    links.set(digest, { leaseUntil, hidden: false })
  }

  #visible(name: string): Repository {
    const found = this.state.repositories.get(name)
    if (found === undefined) throw new Refused('NAME_UNKNOWN')
    return found
  }

  #find({ manifests, tags }: Repository, reference: ManifestReference): Kept {
    const found = manifests.get('tag' in reference ? (tags.get(reference.tag) ?? '') : reference.digest)
    if (found === undefined) throw new Refused('MANIFEST_UNKNOWN')
    return found
  }

  #holds(name: string, digest: string): boolean {
    const link = this.state.repositories.get(name)?.links.get(digest)
    return link !== undefined && !link.hidden && this.state.files.get(digest)?.condition !== 'damaged'
  }

  #readable(name: string, digest: string): Link {
    const link = this.#visible(name).links.get(digest)
    if (link === undefined || !this.#holds(name, digest)) throw new Refused('BLOB_UNKNOWN')
    return link
  }

  #hasChild(name: string, kind: string, digest: string): boolean {
    const manifest = kind === 'child' && this.state.repositories.get(name)?.manifests.has(digest) === true
    return manifest || this.#holds(name, digest)
  }
}

/** Bytes that are here under another algorithm's digest keep that when they are put by tag. */
function heldDigest(repository: Repository | undefined, { digests }: PooledManifest): Digest {
  return repository?.manifests.has(digests.sha256) !== true && repository?.manifests.has(digests.sha512) === true
    ? digests.sha512
    : digests.sha256
}

function pageOf(names: Iterable<string>, { limit, last }: PageOf): { readonly names: readonly string[]; readonly more: boolean } {
  const after = [...names].filter((name) => last === undefined || name > last).sort()
  const shown = after.slice(0, limit)
  return { names: shown, more: limit !== 0 && shown.length < after.length }
}
