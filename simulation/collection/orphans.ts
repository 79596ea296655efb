import type { Random } from '../rig/random.ts'
import type { Image } from './image.ts'

/** Images that were deleted, until the collector has taken what only they had. */
export interface Orphans {
  add(image: Image): void
  /** One at whose blobs the collector looks about now, for one writer alone. */
  take(random: Random): Image | undefined
  /** The same, for as many as like. */
  pick(random: Random): Image | undefined
}

/** What the collector may be behind when writers keep the machine busy, in ms: each of the three things that it comes for waits in its queue. */
const lag = 4_000

/** The collector comes for their links when the lease has ended, for their blobs at once then, and for their files after the drain. */
export function createOrphans({ lease, drain }: { readonly lease: number; readonly drain: number }): Orphans {
  const [from, to] = [lease - 300, lease + drain + lag]
  let all: { readonly image: Image; readonly at: number }[] = []
  const due = () => {
    const now = performance.now()
    all = all.filter(({ at }) => now - at < to)
    return all.filter(({ at }) => now - at > from)
  }
  const pick = (random: Random): Image | undefined => {
    const found = due()
    return found.length === 0 ? undefined : random.pick(found).image
  }
  return Object.freeze<Orphans>({
    add: (image) => void all.push({ image, at: performance.now() }),
    pick,
    take: (random) => {
      const taken = pick(random)
      all = all.filter(({ image }) => image !== taken)
      return taken
    },
  })
}
