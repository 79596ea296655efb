import { digestBytes, mediaTypes, parseRepositoryName, parseTag, RegistryError, type Digest, type RepositoryName } from '../../src/oci/index.ts'
import { clearSome, createProjects, deleteProject, ProjectError } from '../../src/projects/index.ts'
import { findProject } from '../../src/projects/find-project.testing.ts'
import { anonymous, bodyOf, byDigest, byTag, manifestOf, pushManifest, type TestRegistry } from '../../src/registry/test-registry.testing.ts'
import type { Registry } from '../../src/registry/index.ts'
import { bytesOf, createContent } from '../rig/content.ts'
import type { Random } from '../rig/random.ts'
import type { Named } from './answers.ts'

const repositories = ['team/app', 'team/base', 'other/app', 'solo', 'crew/app', 'crew/base', 'crew']
const projects = ['team', 'other', 'solo', 'crew']
const tags = ['v1', 'v2', 'latest']
const sizes = [20, 300, 32_768, 32_769, 60_000]

/** A random life of a small registry: few names, so that everything meets everything. */
export class History implements Named {
  readonly repositories = new Set(repositories)
  readonly projects = new Set(projects)
  readonly tags = new Set(tags)
  readonly #under: TestRegistry
  /** A process that puts what is deleted into the trash. */
  readonly #keeping: Registry
  readonly #random: Random
  readonly #sizes = new Map<Digest, number>()
  readonly #blobs = new Set<Digest>()
  readonly #manifests = new Set<Digest>()

  constructor(under: TestRegistry, random: Random) {
    this.#under = under
    this.#keeping = under.another({ retention: 3_000_000 })
    this.#random = random
  }

  get digests(): ReadonlySet<string> {
    return new Set(this.#sizes.keys())
  }

  /** One operation, which the registry may refuse. */
  async step(): Promise<void> {
    try {
      if (this.#blobs.size === 0) await this.#pushBlob()
      else if (this.#manifests.size === 0) await this.#pushImage()
      else await this.#anything()
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code === 'UNKNOWN') throw error
    }
  }

  async #anything(): Promise<void> {
    const { registry, collector, clock } = this.#under
    const turn = this.#random.below(31)
    const deletes = this.#random.chance(0.5) ? this.#keeping.deletes : registry.deletes
    if (turn < 5) await this.#pushBlob()
    else if (turn < 10) await this.#pushImage()
    else if (turn < 12) await this.#pushIndex()
    else if (turn < 14) await registry.uploads.mount(anonymous, this.#repository(), this.#blob(), this.#repository())
    else if (turn < 15) await registry.uploads.begin(anonymous, this.#repository())
    else if (turn < 17) await deletes.manifest(anonymous, this.#repository(), byTag(parseTag(this.#random.pick(tags))))
    else if (turn < 19) await deletes.manifest(anonymous, this.#repository(), byDigest(this.#manifest()))
    else if (turn < 20) await deletes.blob(anonymous, this.#repository(), this.#blob())
    else if (turn < 22) clock.advance(this.#random.pick([1_000, 70_000, 2_000_000, 4_000_000]))
    else if (turn < 24) await collector.collectDue(100)
    else if (turn < 26) await this.#renameProject()
    else if (turn < 27) await this.#deleteProject()
    else if (turn < 28) await clearSome(this.#under.database, clock)
    else await this.#lookIntoTrash()
  }

  async #lookIntoTrash(): Promise<void> {
    const { entries } = await this.#keeping.trash.list(anonymous, { project: this.#random.pick(projects) }, { limit: 10, last: undefined })
    if (entries.length === 0) return
    const { id } = this.#random.pick(entries)
    if (this.#random.chance(0.7)) await this.#keeping.trash.restore(anonymous, id)
    else await this.#keeping.trash.purge(anonymous, id)
  }

  async #renameProject(): Promise<void> {
    const id = await this.#project()
    if (id !== undefined) await refusable(createProjects(this.#under.database, 0).rename({ id, name: this.#random.pick(projects), actor: anonymous }))
  }

  /** Or makes one: under a name that leads to another one, or is free. */
  async #deleteProject(): Promise<void> {
    const all = createProjects(this.#under.database, 0)
    const id = this.#random.chance(0.5) ? await this.#project() : undefined
    if (id === undefined) await refusable(all.create({ name: this.#random.pick(projects), visibility: 'public', actor: anonymous }))
    else await this.#under.database.transact(deleteProject, { id, force: true, retention: 0, actor: anonymous })
  }

  async #project(): Promise<number | undefined> {
    return (await findProject(this.#under.database, this.#random.pick(projects)))?.id
  }

  async #pushBlob(): Promise<void> {
    const content = createContent(`blob ${this.#random.below(12)}`, this.#random.pick(sizes))
    this.#blobs.add(content.digest)
    this.#sizes.set(content.digest, content.size)
    await this.#under.registry.uploads.pushWhole(anonymous, this.#repository(), content.digest, bodyOf(bytesOf(content)))
  }

  async #pushImage(): Promise<void> {
    const refers = this.#manifests.size > 0 && this.#random.chance(0.3)
    const subject = refers ? { subject: { mediaType: mediaTypes.ociManifest, ...this.#described(this.#manifest()) } } : {}
    const layers = Array.from({ length: this.#random.below(3) }, () => this.#described(this.#blob()))
    const annotations = { n: String(this.#random.below(6)) }
    await this.#put(manifestOf(layers, this.#described(this.#blob()), { ...subject, annotations }))
  }

  async #pushIndex(): Promise<void> {
    const children = Array.from({ length: this.#random.below(3) }, () => this.#random.pick([...this.#sizes.keys()]))
    const manifests = children.map((digest) => ({ mediaType: mediaTypes.ociManifest, ...this.#described(digest) }))
    await this.#put({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
  }

  async #put(document: object): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(document))
    const digest = digestBytes(bytes, 'sha256')
    this.#manifests.add(digest)
    this.#sizes.set(digest, bytes.length)
    const reference = this.#random.chance(0.7) ? byTag(this.#random.pick(tags)) : byDigest(digest)
    await pushManifest(this.#under.registry, this.#repository(), reference, document)
  }

  #repository(): RepositoryName {
    return parseRepositoryName(this.#random.pick(repositories))
  }

  #blob(): Digest {
    return this.#random.pick([...this.#blobs])
  }

  #manifest(): Digest {
    return this.#random.pick([...this.#manifests])
  }

  #described(digest: Digest): { digest: Digest; size: number } {
    return { digest, size: this.#sizes.get(digest) ?? 0 }
  }
}

async function refusable(change: Promise<unknown>): Promise<void> {
  try {
    await change
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error
  }
}
