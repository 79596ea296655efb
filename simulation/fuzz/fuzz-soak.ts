import { each } from '../rig/each.ts'
import { recordedRounds } from '../rig/recorded-rounds.ts'
import { runFuzz } from './run-fuzz.ts'
import { targets } from './targets/index.ts'

export interface FuzzSoak {
  /** Of all targets together. */
  readonly minutes: number
  readonly seed: number
  readonly record: string | undefined
}

interface Round {
  readonly rig: 'fuzz'
  readonly target: string
  readonly seed: number
  readonly ms: number
  readonly runs: number
  readonly features: number
}

/** The long form, a round for each target: answers how often each of them ran in all rounds of the record. */
export async function soakFuzz({ minutes, seed, record }: FuzzSoak) {
  const rounds = recordedRounds<Round>(record, 'fuzz')
  const ms = Math.ceil((minutes * 60_000) / targets.length)
  const left = targets.filter(
    ({ name }) => !rounds.has((round) => round.target === name && round.seed === seed && round.ms === ms),
  )
  await each(left, 2, async ({ name }) => {
    for (const { target, runs, features } of await runFuzz({ targets: [name], seed, until: { ms } })) {
      rounds.add({ rig: 'fuzz', target, seed, ms, runs, features })
    }
  })
  const runs: Record<string, number> = {}
  for (const round of rounds.all()) runs[round.target] = (runs[round.target] ?? 0) + round.runs
  const sum = (of: (round: Round) => number) => rounds.all().reduce((total, round) => total + of(round), 0)
  return { sum: { minutes: Math.round(sum((round) => round.ms) / 60_000), inputs: sum((round) => round.runs), runs }, misses: [] }
}
