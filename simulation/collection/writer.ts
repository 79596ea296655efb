import { expectStatus, Violation } from '../rig/client.ts'
import { createContent, type Content } from '../rig/content.ts'
import { look, pathOf } from '../rig/look.ts'
import { baseLayer, createImage, type Image, itemsOf, newLayer, type Parts } from './image.ts'
import { type PushContext, pushImage, upload } from './push-image.ts'
import type { Orphans } from './orphans.ts'

/** What all writers have in common. */
export interface Shop extends Omit<PushContext, 'random'> {
  readonly seed: number
  readonly orphans: Orphans
  /** All that were acknowledged and not deleted. */
  readonly images: Set<Image>
}

/** So many that most of them outlive a lease and a drain: what was taken under them is noticed. */
const mostOwn = 50

/** One of those who push, delete and read, all at the same time. Its plan depends on nothing but the seed, its number and its turns. */
export class Writer {
  readonly #number: number
  readonly #random: PushContext['random']
  readonly #own: Image[] = []
  #turn = 0

  constructor(number: number, random: PushContext['random']) {
    this.#number = number
    this.#random = random
  }

  /** Does one thing. Fails with Violation when a promise is broken. */
  async turn(shop: Shop): Promise<void> {
    const random = this.#random
    const name = `${shop.seed} ${this.#number} ${this.#turn++}`
    if (this.#own.length > mostOwn) return await this.#delete(shop)
    if (random.chance(0.4) && (await this.#pushOrphan(shop, name))) return
    const deeds = [
      () => this.#push(shop, name),
      () => this.#push(shop, name),
      () => this.#push(shop, name),
      () => this.#delete(shop),
      () => this.#delete(shop),
      () => this.#lookAround(shop),
      () => this.#abandon(shop, name),
    ]
    await random.pick(deeds)()
  }

  async #push(shop: Shop, name: string): Promise<void> {
    const random = this.#random
    const layers = Array.from({ length: random.between(1, 3) }, (_, n) =>
      random.chance(0.5) ? baseLayer(random, shop.seed, this.#turn) : newLayer(random, `layer ${name} ${n}`),
    )
    const config = createContent(`config ${name}`, random.between(200, 2_000))
    await this.#pushParts(shop, name, { repository: random.pick(shop.repositories), config, layers: distinct(layers) })
  }

  /** A tag of its own, or one that names another image until now, or none. */
  async #pushParts(shop: Shop, name: string, parts: Parts): Promise<void> {
    const random = this.#random
    const before = random.chance(0.2) ? this.#own.find(({ tag, repository }) => tag !== undefined && repository === parts.repository) : undefined
    const tag = before?.tag ?? (random.chance(0.7) ? `t-${name.replaceAll(' ', '-')}` : undefined)
    if (before !== undefined) before.tag = undefined
    await this.#bring(shop, createImage(name, parts, tag))
  }

  async #bring(shop: Shop, image: Image): Promise<void> {
    await pushImage({ ...shop, random: this.#random }, image)
    this.#own.push(image)
    shop.images.add(image)
  }

  /** The same digests again at about the moment at which the collector comes for them. Answers whether there were any. */
  async #pushOrphan(shop: Shop, name: string): Promise<boolean> {
    const random = this.#random
    // Nobody else may have a manifest that this writer will delete one day; several may have its layers.
    const isSame = random.chance(0.4)
    const orphan = isSame ? shop.orphans.take(random) : shop.orphans.pick(random)
    if (orphan === undefined) return false
    const { counts } = shop.tally
    counts.orphans++
    const { repository, config, layers } = orphan
    for (const { digest } of layers) {
      const { status } = expectStatus(await shop.client.send('HEAD', `/v2/${repository}/blobs/${digest}`), 200, 404)
      if (status === 200) counts.orphansThere++
      else counts.orphansGone++
    }
    if (isSame) {
      orphan.state = 'coming'
      await this.#bring(shop, orphan)
    } else {
      await this.#pushParts(shop, name, { repository: random.chance(0.7) ? repository : random.pick(shop.repositories), config, layers })
    }
    return true
  }

  /** Its tag alone, or all of it. */
  async #delete(shop: Shop): Promise<void> {
    const random = this.#random
    const at = random.below(this.#own.length)
    const image = this.#own[at]
    if (image === undefined) return
    const { repository, manifest, tag } = image
    const path = `/v2/${repository}/manifests`
    if (tag !== undefined && random.chance(0.4)) {
      image.tag = undefined
      expectStatus(await shop.client.send('DELETE', `${path}/${tag}`), 202)
      shop.tally.counts.deletes++
      if (random.chance(0.5)) return
    }
    this.#own.splice(at, 1)
    image.state = 'leaving'
    image.tag = undefined
    shop.images.delete(image)
    expectStatus(await shop.client.send('DELETE', `${path}/${manifest.digest}`), 202)
    shop.tally.counts.deletes++
    expectStatus(await shop.client.send('GET', `${path}/${manifest.digest}`), 404)
    shop.orphans.add(image)
  }

  async #lookAround(shop: Shop): Promise<void> {
    const own = this.#own[this.#random.below(this.#own.length)]
    if (own !== undefined && this.#random.chance(0.5)) return await lookAt(shop, own)
    await lookAt(shop, this.#random.pick([...shop.images]))
  }

  async #abandon(shop: Shop, name: string): Promise<void> {
    const random = this.#random
    const way = random.pick(['single', 'leave', 'chunks'] as const)
    const crashes = shop.crashes()
    try {
      await upload({ ...shop, random }, random.pick(shop.repositories), newLayer(random, `abandoned ${name}`), way)
    } catch (error) {
      // Abandoned all the more.
      if (shop.crashes() === crashes) throw error
    }
    shop.tally.counts.abandoned++
  }
}

/** Reads all of an image. Fails with Violation when anything is not there, unless somebody has asked for its deletion meanwhile. */
export async function lookAt({ client, tally }: Pick<Shop, 'client' | 'tally'>, image: Image | undefined): Promise<void> {
  if (image === undefined) return
  for (const item of itemsOf(image)) {
    if ((await look(client, item)) === 'present') continue
    if (image.state === 'live') throw new Violation(`${pathOf(item)} of an image that was acknowledged is not there`)
    return
  }
  tally.counts.looks++
}

/** As `lookAt`, and by its tag, once nobody moves tags any more. */
export async function lookAtAll(shop: Pick<Shop, 'client' | 'tally'>, image: Image): Promise<void> {
  await lookAt(shop, image)
  const { repository, tag, manifest } = image
  if (tag === undefined) return
  if ((await look(shop.client, { kind: 'tag', repository, tag, digest: manifest.digest })) === 'absent') {
    throw new Violation(`the tag ${repository}:${tag} was acknowledged and is not there`)
  }
}

function distinct(layers: readonly Content[]): Content[] {
  return [...new Map(layers.map((layer) => [layer.digest, layer])).values()]
}
