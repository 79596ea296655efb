import type { Database } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import { scrubTurn } from './integrity-store.ts'
import { readScrubTurn, takeScrubTurn, waitForTurn, type ScrubTurnTaken } from './scrub-transactions.ts'

/** One server's view of whose turn it is to scrub, among those on one database. */
export interface ScrubTurns {
  /** Whose turn it is and what was kept, as far as can be seen without a write. */
  look(): Promise<ScrubTurnTaken>
  /** Takes the turn (`position` undefined), or keeps it with the position. `over` leaves it to others. */
  take(position: unknown, over?: boolean): Promise<ScrubTurnTaken>
  /** Whether it is time to keep it again. */
  readonly isDue: boolean
}

/** How often the turn is kept, and where the scrubber is: a write each. A kill loses that much of a pass. */
const keepEvery = 30_000

export function createScrubTurns({ database, clock, ids }: { database: Database; clock: Clock; ids: Ids }): ScrubTurns {
  const node = ids.uuid()
  let keptAt = clock.monotonic()
  return Object.freeze<ScrubTurns>({
    look: async () => {
      const turn = readScrubTurn((await database.one(scrubTurn))?.value)
      const wait = waitForTurn(turn, node, clock.now())
      return wait > 0 ? { mine: false, wait } : { mine: true, position: turn.position }
    },
    take: async (position, over = false) => {
      keptAt = clock.monotonic()
      const outcome = await database.transact(takeScrubTurn, { node, position, over })
      if ('refused' in outcome) throw new Error(`the turn to scrub can not be taken: ${outcome.refused}`)
      return outcome.ok
    },
    get isDue() {
      return clock.monotonic() - keptAt >= keepEvery
    },
  })
}
