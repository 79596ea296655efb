import { soakRounds } from '../rig/soak-rounds.ts'
import { collectingOf } from './collecting-work.ts'
import { acknowledgedOf, type Figures } from './figures.ts'
import { killRound } from './kill-round.ts'

export interface KillSoak {
  readonly kills: number
  /** The first seed. Each seed is a round of up to 100 kills, or 50 beside the collector, on a data directory of its own. */
  readonly seed: number
  readonly database: 'sqlite' | 'postgres'
  /** Beside a collector that comes for everything within seconds: see collectingOf. */
  readonly collecting: boolean
  /** See soakRounds. */
  readonly record: string | undefined
}

/** Fewer of what a long run is to show, and it has not shown it. */
const floor = 100
const readyLimit = 2_000

/** The long form: answers the sum of all rounds and what of the bar it misses. Fails with the first round that does. */
export async function soakKills(soak: KillSoak): Promise<{ readonly sum: Figures; readonly misses: readonly string[] }> {
  const { kills: crashes, seed: first, database, collecting, record } = soak
  const run = (seed: number, kills: number): Promise<Figures> =>
    killRound({ seed, kills, database, collecting: collecting ? collectingOf(seed) : undefined, keep: true })
  const form = collecting ? { rig: 'kill-collecting', perRound: 50 } : { rig: 'kill', perRound: 100 }
  const sum = await soakRounds({ ...form, database, crashes, seed: first, record, run })
  return { sum, misses: missesOf(sum, collecting ? collectingFloors : pushingFloors) }
}

const pushingFloors = ['lostButDone', 'lostUndone', 'resumed', 'closedAgain', 'killsWhileStarting'] as const
/** Also of a power cut. */
export const collectingFloors = ['lostButDone', 'lostUndone', 'restores', 'purges', 'pushedAgain', 'foundInTrash', 'killsWhileCollecting'] as const

function missesOf(sum: Figures, floors: readonly (keyof Figures)[]): string[] {
  const misses: string[] = []
  if (sum.readyWorst > readyLimit) misses.push(`a start took ${sum.readyWorst} ms; ${readyLimit} are allowed`)
  if (sum.kills < 1_000) return misses
  for (const name of floors) {
    if (sum[name] < floor) misses.push(`${name}: ${sum[name]} times; fewer than ${floor} show nothing`)
  }
  const acknowledged = acknowledgedOf(sum)
  if (acknowledged < 10 * sum.kills) misses.push(`${acknowledged} acknowledgements in ${sum.kills} kills are too few`)
  return misses
}
