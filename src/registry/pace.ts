import { createKeyedLock, type Clock } from '../lib/index.ts'

/** How fast work may go on. Everybody who works at one pace shares it. */
export interface Pace {
  /** Nobody begins with more: it could not be told to stop for too long. */
  readonly atOnce: number
  /** So much is done at a time. */
  readonly piece: number
  /**
   * Does so much work once its time has come.
   * @param hurries no rest comes after it; a rate is kept to all the same
   */
  work<T>(count: number, work: () => Promise<T>, hurries?: boolean): Promise<T>
}

/** @param rate a second; absent: as fast as it goes without being in the way */
export function createPace(rate: number | undefined, clock: Clock): Pace {
  return rate === undefined ? restingPace(clock) : steadyPace(rate, clock)
}

/** So few that what waits behind them hardly notices. */
const piece = 16
/** Times as long as it worked. */
const restsFor = 1

/**
 * Rests after each piece of work for as long as that took. Where nothing else is done, pieces are short, and so are the rests; where requests
 * are in the way of the work, the work makes way for them. Of several who work, one does at a time.
 */
function restingPace(clock: Clock): Pace {
  const turns = createKeyedLock()
  let free = 0

  async function inTurn<T>(work: () => Promise<T>, hurries: boolean): Promise<T> {
    const pause = free - clock.monotonic()
    if (pause > 0) await clock.sleep(pause)
    const begun = clock.monotonic()
    try {
      return await work()
    } finally {
      const ended = clock.monotonic()
      free = hurries ? ended : ended + restsFor * (ended - begun)
    }
  }

  return Object.freeze<Pace>({
    atOnce: Number.POSITIVE_INFINITY,
    piece,
    work: (_, work, hurries = false) => turns.run('', () => inTurn(work, hurries)),
  })
}

function steadyPace(rate: number, clock: Clock): Pace {
  let free = 0
  // The work of a quarter of a second.
  const atOnce = Math.max(1, Math.floor(rate / 4))
  return Object.freeze<Pace>({
    atOnce,
    piece: atOnce,
    work: async (count, work) => {
      const now = clock.monotonic()
      const begin = Math.max(now, free)
      free = begin + (count / rate) * 1000
      if (begin > now) await clock.sleep(begin - now)
      return await work()
    },
  })
}
