import { recordedRounds } from '../rig/recorded-rounds.ts'
import { checkEquivalence, missingAnswers } from './equivalence.testing.ts'

export interface ModelSoak {
  readonly runs: number
  /** The first seed. Each seed is a round of up to 1,000 runs. */
  readonly seed: number
  readonly record: string | undefined
}

interface Round {
  readonly rig: 'model'
  readonly seed: number
  readonly runs: number
  readonly operations: number
  readonly answers: Readonly<Record<string, number>>
}

const runsOfARound = 1_000
const length = 60

/** The long form: answers the sum of all rounds and which answers came up too seldom. Fails with the first difference. */
export async function soakModel({ runs, seed, record }: ModelSoak) {
  const rounds = recordedRounds<Round>(record, 'model')
  for (let left = runs, next = seed; left > 0; left -= runsOfARound, next++) {
    const size = Math.min(left, runsOfARound)
    if (rounds.has((round) => round.seed === next && round.runs === size)) continue
    rounds.add({ rig: 'model', seed: next, ...(await checkEquivalence({ seed: next, runs: size, length })) })
  }
  const answers: Record<string, number> = {}
  for (const round of rounds.all()) {
    for (const [name, count] of Object.entries(round.answers)) answers[name] = (answers[name] ?? 0) + count
  }
  const sum = (of: (round: Round) => number): number => rounds.all().reduce((total, round) => total + of(round), 0)
  const misses = missingAnswers(answers).map((name) => `"${name}" came up too seldom to show anything`)
  return { sum: { runs: sum((round) => round.runs), operations: sum((round) => round.operations), answers }, misses }
}
