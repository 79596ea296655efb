import type { Content } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'

/**
 * `kept`      the server said that it has it
 * `possible`  asked for or deleted, and the answer was lost
 * `fading`    it was acknowledged, and no tag names it any more: the rule about that may take it at any time
 * `gone`      the server said that it deleted it, or it was seen missing after a lost request
 */
export type Fate = 'kept' | 'possible' | 'fading' | 'gone'

/** An image of one writer, with a tag that no other one has, and what was promised about it. */
export interface ShelvedImage {
  readonly repository: string
  readonly config: Content
  readonly layers: readonly Content[]
  readonly manifest: Manifest
  readonly tag: string | undefined
  fate: Fate
  tagFate: Fate
  /** Until when the trash has to have it, in ms since the epoch: from an acknowledged deletion until it is brought back, purged or due. */
  readonly inTrash: Map<TrashKind, number>
  /** Something was done with it since it was last looked at. */
  touched: boolean
}

export type TrashKind = 'tag' | 'manifest'

/** Everything that the writers have pushed, and what they took out of the trash for good. */
export interface Shelf {
  /** Of one writer, in the order in which they were first pushed. */
  of(writer: number): ShelvedImage[]
  all(): ShelvedImage[]
  /** Numbers in the trash of what was purged and acknowledged. */
  readonly purged: Set<string>
}

export function createShelf(): Shelf {
  const own = new Map<number, ShelvedImage[]>()
  return Object.freeze<Shelf>({
    of: (writer) => {
      const images = own.get(writer) ?? []
      own.set(writer, images)
      return images
    },
    all: () => [...own.values()].flat(),
    purged: new Set(),
  })
}

/** `name`: of the manifest, so that no two are equal. */
export function createShelvedImage(name: string, parts: Pick<ShelvedImage, 'repository' | 'config' | 'layers' | 'tag'>): ShelvedImage {
  const { repository, config, layers, tag } = parts
  const manifest = createManifest(name, config, layers)
  return { repository, config, layers, manifest, tag, fate: 'gone', tagFate: 'gone', inTrash: new Map(), touched: false }
}
