import type { Clock } from '../lib/index.ts'

/** How fast work may go on. Everybody who takes from one pace shares its rate. */
export interface Pace {
  /** So much may be taken at a time: the work of a quarter of a second, so that whoever waits can be told to stop soon. */
  readonly atOnce: number
  /** Waits until so many more may be worked on. */
  take(count: number): Promise<void>
}

/** @param rate a second; absent: as fast as it goes */
export function createPace(rate: number | undefined, clock: Clock): Pace {
  if (rate === undefined) return Object.freeze<Pace>({ atOnce: Number.POSITIVE_INFINITY, take: () => Promise.resolve() })
  let free = 0
  return Object.freeze<Pace>({
    atOnce: Math.max(1, Math.floor(rate / 4)),
    take: async (count) => {
      const now = clock.monotonic()
      const begin = Math.max(now, free)
      free = begin + (count / rate) * 1000
      if (begin > now) await clock.sleep(begin - now)
    },
  })
}
