import { expectStatus, Violation } from '../rig/client.ts'
import { type Content, createContent } from '../rig/content.ts'
import { pushBlob } from '../rig/push-blob.ts'
import type { Random } from '../rig/random.ts'
import { baseLayers } from './shared-layers.ts'
import { choicesOf, type Load, unlessRefused } from './load.ts'
import { createShelvedImage, type ShelvedImage, type Shelf, type TrashKind } from './shelf.ts'
import { purge, restore, trashPage, type TrashItem } from './trash-client.ts'
import type { WriterName } from './work.ts'

/** What the server was told: times in ms. */
export interface Keeping {
  readonly lease: number
  /** Of the trash; 0 for none. */
  readonly retention: number
  /** Whether a manifest stays that no tag names any more. */
  readonly keepsUntagged: boolean
}

/** All of it is in one project. */
export const project = 'team'

/** So many that most of them outlive several kills. */
const mostOwn = 40

/** Pushes, deletes, pushes again what was deleted, restores and purges until it is over, or an answer is lost. */
export async function writeAndDelete(load: Load, shelf: Shelf, keeping: Keeping, { number, name }: WriterName): Promise<void> {
  const writer = new DeletingWriter(load, shelf, keeping, number, choicesOf(load, name))
  for (let turn = 0; !load.over(); turn++) await unlessRefused(load, () => writer.turn(`${load.seed}-${load.kill}-${name}-${turn}`))
}

class DeletingWriter {
  readonly #load: Load
  readonly #shelf: Shelf
  readonly #keeping: Keeping
  readonly #number: number
  readonly #own: ShelvedImage[]
  readonly #random: Random

  constructor(load: Load, shelf: Shelf, keeping: Keeping, number: number, random: Random) {
    this.#load = load
    this.#shelf = shelf
    this.#keeping = keeping
    this.#number = number
    this.#own = shelf.of(number)
    this.#random = random
  }

  async turn(name: string): Promise<void> {
    const random = this.#random
    const kept = this.#own.filter(({ fate, tagFate }) => fate === 'kept' && tagFate !== 'possible')
    if (kept.length > mostOwn || (kept.length > 2 && random.chance(0.35))) return await this.#delete(random.pick(kept))
    const lost = this.#own.slice(-200).filter(lacksSomething)
    if (this.#keeping.retention > 0 && lost.length > 0 && random.chance(0.35)) return await this.#bringBack()
    if (lost.length > 0 && random.chance(0.3)) {
      await this.#push(random.pick(lost))
      this.#load.figures.pushedAgain++
      return
    }
    const image = this.#newImage(name)
    this.#own.push(image)
    await this.#push(image)
  }

  #newImage(name: string): ShelvedImage {
    const random = this.#random
    const layers = new Map<string, Content>()
    for (let count = random.between(1, 2); count > 0; count--) {
      const layer = random.chance(0.4) ? random.pick(baseLayers.layers) : createContent(`layer ${name} ${count}`, sizeOf(random))
      layers.set(layer.digest, layer)
    }
    const config = createContent(`config ${name}`, random.between(200, 2_000))
    const tag = random.chance(0.8) || !this.#keeping.keepsUntagged ? `t-${name}` : undefined
    const repository = `${project}/${random.chance(0.2) ? `new-${this.#load.kill}-${random.below(2)}` : `writer-${this.#number}`}`
    return createShelvedImage(name, { repository, config, layers: [...layers.values()], tag })
  }

  /** A push of what was there for longer than it was promised begins again, as a client does. */
  async #push(image: ShelvedImage): Promise<void> {
    const { client, figures } = this.#load
    const { repository, manifest, tag } = image
    image.touched = true
    image.fate = image.tagFate = 'possible'
    image.inTrash.clear()
    for (;;) {
      const began = performance.now()
      for (const content of [...image.layers, image.config]) await this.#bring(repository, content)
      const headers = { 'content-type': manifest.mediaType }
      const answer = await client.send('PUT', `/v2/${repository}/manifests/${tag ?? manifest.digest}`, { body: manifest.bytes, headers })
      if ((answer.status === 404 || answer.status === 400) && performance.now() - began > this.#keeping.lease / 2) continue
      expectStatus(answer, 201)
      break
    }
    image.fate = 'kept'
    image.tagFate = tag === undefined ? 'gone' : 'kept'
    figures.manifests++
  }

  /** Resolves when the repository has said that it has the blob. */
  async #bring(repository: string, content: Content): Promise<void> {
    const { client, figures } = this.#load
    const random = this.#random
    const there = expectStatus(await client.send('HEAD', `/v2/${repository}/blobs/${content.digest}`), 200, 404)
    if (there.status === 200) return
    if (baseLayers.layers.includes(content)) {
      expectStatus(await client.send('POST', `/v2/${repository}/blobs/uploads/?mount=${content.digest}&from=${baseLayers.repository}`), 201)
      figures.mounts++
      return
    }
    const way = random.pick(['single', 'single', 'put', 'chunks'] as const)
    // Some are begun and left: nobody comes back for them.
    if (random.chance(0.05)) await pushBlob(client, { repository, content, way: 'leave', pieces: 2, watch: nobody })
    await pushBlob(client, { repository, content, way, pieces: random.between(1, 3), watch: nobody })
    figures.blobs++
  }

  /** Its tag alone, or all of it. */
  async #delete(image: ShelvedImage): Promise<void> {
    const { client, figures } = this.#load
    const { repository, manifest, tag } = image
    const ofTag = tag !== undefined && image.tagFate === 'kept' && this.#random.chance(0.4)
    const asked = Date.now()
    image.touched = true
    image.tagFate = 'possible'
    if (!ofTag || !this.#keeping.keepsUntagged) image.fate = 'possible'
    expectStatus(await client.send('DELETE', `/v2/${repository}/manifests/${ofTag ? tag : manifest.digest}`), 202)
    this.#promiseTrash(image, ofTag ? 'tag' : 'manifest', asked)
    image.tagFate = 'gone'
    if (!ofTag) image.fate = 'gone'
    else if (!this.#keeping.keepsUntagged) image.fate = 'fading'
    figures.deletes++
  }

  #promiseTrash(image: ShelvedImage, kind: TrashKind, asked: number): void {
    const { retention } = this.#keeping
    if (retention > 0) image.inTrash.set(kind, asked + retention)
  }

  /** Restores something of its own, or ends it. */
  async #bringBack(): Promise<void> {
    const random = this.#random
    const { items } = await trashPage(this.#load.client, project, `repository=writer-${this.#number}&limit=20`)
    if (items.length === 0) return
    const item = random.pick(items)
    const image = this.#own.find(({ manifest }) => manifest.digest === item.digest)
    // What somebody was at when the answer was lost is left alone until it has been looked at.
    if (image === undefined || image.fate === 'possible' || image.tagFate === 'possible') return
    image.touched = true
    if (random.chance(0.2)) await this.#purge(image, item)
    else if (item.kind === 'manifest') await this.#restoreManifest(image, item)
    else await this.#restoreTag(image, item)
  }

  async #purge(image: ShelvedImage, item: TrashItem): Promise<void> {
    image.inTrash.delete(item.kind as TrashKind)
    if (!(await purge(this.#load.client, item))) return expectDue(item, 'purged')
    this.#shelf.purged.add(item.id)
    this.#load.figures.purges++
  }

  async #restoreManifest(image: ShelvedImage, item: TrashItem): Promise<void> {
    const { inTrash, tag } = image
    if (image.fate === 'kept') throw new Violation(`${image.repository}@${item.digest} was acknowledged and is in the trash as ${item.id}`)
    inTrash.delete('manifest')
    image.fate = image.tagFate = 'possible'
    const restored = await restore(this.#load.client, item)
    if (restored === undefined) {
      image.fate = image.tagFate = 'gone'
      return expectDue(item, 'restored')
    }
    const isTagged = tag !== undefined && restored.tags.includes(tag)
    image.tagFate = isTagged ? 'kept' : 'gone'
    image.fate = isTagged || this.#keeping.keepsUntagged ? 'kept' : 'fading'
    this.#load.figures.restores++
  }

  /** Not over one that was pushed again, and not to a manifest that is deleted itself. */
  async #restoreTag(image: ShelvedImage, item: TrashItem): Promise<void> {
    const { inTrash, fate, tagFate } = image
    const hinders = tagFate === 'kept' || fate === 'gone'
    inTrash.delete('tag')
    if (!hinders) image.fate = image.tagFate = 'possible'
    const restored = await restore(this.#load.client, item)
    if (restored !== undefined) {
      const name = `${image.repository}:${image.tag}`
      if (hinders) throw new Violation(`${name} was restored: the tag is ${tagFate}, and its manifest is ${fate}`)
      image.fate = image.tagFate = 'kept'
      this.#load.figures.restores++
      return
    }
    if (hinders) return
    image.fate = fate
    image.tagFate = tagFate
    expectDue(item, 'restored')
  }
}

/** Whoever pushes it again brings something back. */
function lacksSomething({ fate, tag, tagFate }: ShelvedImage): boolean {
  return fate === 'gone' || fate === 'fading' || (fate === 'kept' && tag !== undefined && tagFate === 'gone')
}

/** What the trash has said to be there is there until it is due. */
function expectDue(item: TrashItem, what: string): void {
  const { id, kind, tag, digest, purgeAt } = item
  const early = purgeAt - Date.now()
  if (early > 0) throw new Violation(`${kind} ${tag ?? digest} is in the trash for ${early} ms more as ${id}, and could not be ${what}`)
}

/** Rows, objects, and now and then a large object. */
function sizeOf(random: Random): number {
  if (random.chance(0.35)) return random.between(200, 32 * 1024)
  return random.chance(0.9) ? random.between(32 * 1024 + 1, 120 * 1024) : random.between(120 * 1024, 600 * 1024)
}

const nobody = { opened: () => {}, sending: () => {}, acknowledged: () => {}, closing: () => {}, closed: () => {} }
