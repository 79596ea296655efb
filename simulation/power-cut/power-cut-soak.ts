import { collectingOf } from '../kill/collecting-work.ts'
import { acknowledgedOf, type Figures } from '../kill/figures.ts'
import { collectingFloors } from '../kill/kill-soak.ts'
import { soakRounds } from '../rig/soak-rounds.ts'
import { powerCutRound } from './power-cut-round.ts'

export interface PowerCutSoak {
  readonly cuts: number
  /** The first seed. Each seed is a round of up to 25 cuts on a disk of its own. */
  readonly seed: number
  readonly database: 'sqlite' | 'postgres'
  /** As in KillSoak. */
  readonly collecting: boolean
  /** See soakRounds. */
  readonly record: string | undefined
}

/** Fewer of what a long run is to show, and it has not shown it. */
const floor = 100

/** The long form: answers the sum of all rounds and what of the bar it misses. Fails with the first round that does. */
export async function soakPowerCuts(soak: PowerCutSoak): Promise<{ readonly sum: Figures; readonly misses: readonly string[] }> {
  const { cuts: crashes, seed: first, database, collecting, record } = soak
  const run = (seed: number, cuts: number): Promise<Figures> =>
    powerCutRound({ seed, cuts, database, collecting: collecting ? collectingOf(seed) : undefined, keep: true })
  const rig = collecting ? 'power-cut-collecting' : 'power-cut'
  const sum = await soakRounds({ rig, database, crashes, perRound: 25, seed: first, record, run })
  return { sum, misses: sum.kills < 300 ? [] : missesOf(sum, collecting ? collectingFloors : pushingFloors) }
}

const pushingFloors = ['lostButDone', 'lostUndone', 'resumed', 'hotReads'] as const

function missesOf(sum: Figures, floors: readonly (keyof Figures)[]): string[] {
  const misses: string[] = []
  for (const name of floors) {
    if (sum[name] < floor) misses.push(`${name}: ${sum[name]} times; fewer than ${floor} show nothing`)
  }
  const acknowledged = acknowledgedOf(sum)
  if (acknowledged < 10 * sum.kills) misses.push(`${acknowledged} acknowledgements in ${sum.kills} cuts are too few`)
  return misses
}
