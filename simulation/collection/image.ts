import { type Content, createContent } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'
import type { Item } from '../rig/ledger.ts'
import type { Random } from '../rig/random.ts'

/** An image that one writer has pushed, or is about to. Its layers may be those of others as well. */
export interface Image {
  readonly repository: string
  readonly config: Content
  readonly layers: readonly Content[]
  readonly manifest: Manifest
  tag: string | undefined
  /** `live`: acknowledged, and nobody has asked for its deletion. */
  state: 'coming' | 'live' | 'leaving'
}

export type Parts = Pick<Image, 'repository' | 'config' | 'layers'>

/** `name`: of the manifest, so that no two are equal. */
export function createImage(name: string, { repository, config, layers }: Parts, tag: string | undefined): Image {
  return { repository, config, layers, manifest: createManifest(name, config, layers), tag, state: 'coming' }
}

/** Everything that has to be there as long as the image is. */
export function itemsOf({ repository, config, layers, manifest }: Image): Item[] {
  const blobs = [config, ...layers].map(({ digest }): Item => ({ kind: 'blob', repository, digest }))
  return [{ kind: 'manifest', repository, digest: manifest.digest }, ...blobs]
}

/** A layer that nobody has pushed yet: a row, or an object. */
export function newLayer(random: Random, name: string): Content {
  if (random.chance(0.35)) return createContent(name, random.between(200, 32 * 1024))
  return createContent(name, random.chance(0.9) ? random.between(32 * 1024 + 1, 120 * 1024) : random.between(120 * 1024, 600 * 1024))
}

/** One of those that all writers build on in these turns. Each set is given up after some turns: one day nobody holds it any more. */
export function baseLayer(random: Random, seed: number, turn: number): Content {
  const set = Math.floor(turn / turnsOfASet)
  const size = random.pick([5_000, 40_000, 90_000])
  return createContent(`base ${seed} ${set} ${size}`, size)
}

const turnsOfASet = 60
