import { type Figures, sumOf } from '../kill/figures.ts'
import { recordedRounds } from './recorded-rounds.ts'

/** A long run of a rig, in rounds of which each begins anew and has a seed of its own. */
export interface Soak {
  /** Under this name the rounds are recorded. */
  readonly rig: string
  readonly database: 'sqlite' | 'postgres'
  /** How many crashes in all, and the most in one round. */
  readonly crashes: number
  readonly perRound: number
  /** Of the first round; the next one has the next. */
  readonly seed: number
  /** A file with a line for each round that passed: rounds in it are not run again, and count in the sum. */
  readonly record: string | undefined
  /** Fails when anything is wrong. */
  readonly run: (seed: number, crashes: number) => Promise<Figures>
}

interface Round {
  readonly rig: string
  readonly database: string
  readonly seed: number
  readonly crashes: number
  readonly figures: Figures
}

/** Runs what the record does not have yet, and answers the sum of all rounds in it. Fails with the first round that does. */
export async function soakRounds({ rig, database, crashes, perRound, seed: first, record, run }: Soak): Promise<Figures> {
  const rounds = recordedRounds<Round>(record, rig)
  for (let left = crashes, seed = first; left > 0; left -= perRound, seed++) {
    const count = Math.min(left, perRound)
    if (rounds.has((round) => round.database === database && round.seed === seed && round.crashes === count)) continue
    rounds.add({ rig, database, seed, crashes: count, figures: await run(seed, count) })
  }
  return sumOf(rounds.all().flatMap((round) => (round.database === database ? [round.figures] : [])))
}
