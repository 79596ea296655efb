import { recordedRounds } from '../rig/recorded-rounds.ts'
import { type CollectionFigures, collectionRound } from './collection-round.ts'
import { acknowledgedOf, type PhaseFigures } from './figures.ts'

export interface CollectionSoak {
  /** Of all rounds together. */
  readonly minutes: number
  /** Of the first round; the next one has the next. */
  readonly seed: number
  /** URL of a PostgreSQL server to make databases on, for two processes each; absent for one on SQLite. */
  readonly postgres: string | undefined
  /** A file with a line for each round that passed: rounds in it are not run again, and count in the sum. */
  readonly record: string | undefined
}

interface Round extends CollectionFigures {
  readonly rig: 'collection'
  readonly database: 'sqlite' | 'postgres'
  readonly seed: number
  readonly seconds: number
}

const secondsOfARound = 300
/** Of which the server is not beside the collector, and of which it is killed, at most. */
const partOfARound = 20
/** Fewer cycles or pushes than this in a whole hour, and the run does not count. */
const floor = { minutes: 60, cycles: 500, pushes: 100_000 }

/** The long form: answers the sum of all rounds and what of the bar it misses. Fails with the first round that does. */
export async function soakCollection({ minutes, seed: first, postgres, record }: CollectionSoak) {
  const database = postgres === undefined ? 'sqlite' : 'postgres'
  const rounds = recordedRounds<Round>(record, 'collection')
  for (let left = minutes * 60, seed = first; left > 0; left -= secondsOfARound, seed++) {
    const seconds = Math.min(left, secondsOfARound)
    if (rounds.has((round) => round.database === database && round.seed === seed && round.seconds === seconds)) continue
    const part = Math.min(partOfARound, Math.ceil(seconds / 6))
    const figures = await collectionRound({ seed, idle: part, beside: seconds - 2 * part, struck: part, postgres })
    rounds.add({ rig: 'collection', database, seed, seconds, ...figures })
  }
  const sum = sumOf(rounds.all().filter((round) => round.database === database))
  return { sum, misses: missesOf(sum) }
}

type Sum = ReturnType<typeof sumOf>

function sumOf(rounds: readonly Round[]) {
  const total = (of: (round: Round) => number): number => rounds.reduce((sum, round) => sum + of(round), 0)
  const phases = rounds.flatMap(({ idle, beside, struck }) => [idle, beside, struck])
  const counted = (name: 'pushes' | 'mounts' | 'skips' | 'orphansThere' | 'orphansGone' | 'looks') => total(({ beside }) => beside[name])
  const cured: Record<string, number> = {}
  for (const phase of phases) for (const [what, times] of Object.entries(phase.cured)) cured[what] = (cured[what] ?? 0) + times
  return {
    minutes: Math.round(total(({ seconds }) => seconds) / 60),
    cycles: total(({ cycles }) => cycles),
    crashes: total(({ crashes }) => crashes),
    pushes: counted('pushes'),
    acknowledged: total(({ beside }) => acknowledgedOf(beside)),
    mounts: counted('mounts'),
    skips: counted('skips'),
    orphansThere: counted('orphansThere'),
    orphansGone: counted('orphansGone'),
    looks: counted('looks'),
    cured,
    /** Of the round in which the least had gone after two cycles. */
    gone: Math.min(1, ...rounds.map(({ gone }) => gone)),
    overdueWorst: Math.max(0, ...rounds.flatMap(({ overdue }) => overdue)),
    p99: { blob: p99Of(rounds, 'blob'), manifest: p99Of(rounds, 'manifest') },
  }
}

/** Ms, of the medians of the rounds: idle, beside the collector, and the one by the other. */
function p99Of(rounds: readonly Round[], what: keyof PhaseFigures['took']) {
  const of = (phase: 'idle' | 'beside') => median(rounds.map((round) => round[phase].took[what].p99))
  const [idle, beside] = [of('idle'), of('beside')]
  return { idle, beside, ratio: idle === 0 ? 0 : Math.round((beside / idle) * 100) / 100 }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

function missesOf({ minutes, cycles, pushes, gone, p99 }: Sum): string[] {
  const misses: string[] = []
  if (gone < 0.99) misses.push(`${gone * 100} % of the garbage had gone after two cycles in one round; 99 % are wanted`)
  for (const [what, { idle, beside, ratio }] of Object.entries(p99)) {
    if (ratio > 2) misses.push(`a ${what} took ${beside} ms (p99) beside the collector, and ${idle} ms without: more than twice`)
  }
  if (minutes < floor.minutes) return misses
  if (cycles < floor.cycles) misses.push(`${cycles} cycles; ${floor.cycles} are wanted`)
  if (pushes < floor.pushes) misses.push(`${pushes} pushes; ${floor.pushes} are wanted`)
  return misses
}
