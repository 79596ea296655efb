import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { acknowledgedOf, type Figures, sumOf } from './figures.ts'
import { killRound } from './kill-round.ts'

export interface KillSoak {
  readonly kills: number
  /** The first seed. Each seed is a round of up to 100 kills on a data directory of its own. */
  readonly seed: number
  readonly postgres: string | undefined
  /** A file with a line for each round that passed: rounds in it are not run again, and count in the sum. */
  readonly record: string | undefined
}

interface Round {
  readonly database: 'sqlite' | 'postgres'
  readonly seed: number
  readonly kills: number
  readonly figures: Figures
}

const killsOfARound = 100
/** Fewer of what a long run is to show, and it has not shown it. */
const floor = 100
const readyLimit = 2_000

/** The long form: answers the sum of all rounds and what of the bar it misses. Fails with the first round that does. */
export async function soakKills(soak: KillSoak): Promise<{ readonly sum: Figures; readonly misses: readonly string[] }> {
  const database = soak.postgres === undefined ? 'sqlite' : 'postgres'
  const rounds = readRounds(soak.record).filter((round) => round.database === database)
  for (let left = soak.kills, seed = soak.seed; left > 0; left -= killsOfARound, seed++) {
    const kills = Math.min(left, killsOfARound)
    if (rounds.some((round) => round.seed === seed && round.kills === kills)) continue
    const figures = await killRound({ seed, kills, postgres: soak.postgres, keep: true })
    const round: Round = { database, seed, kills, figures }
    console.log(JSON.stringify(round))
    if (soak.record !== undefined) appendFileSync(soak.record, `${JSON.stringify(round)}\n`)
    rounds.push(round)
  }
  const sum = sumOf(rounds.map(({ figures }) => figures))
  return { sum, misses: missesOf(sum) }
}

function readRounds(record: string | undefined): Round[] {
  if (record === undefined || !existsSync(record)) return []
  const lines = readFileSync(record, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Round)
}

function missesOf(sum: Figures): string[] {
  const misses: string[] = []
  if (sum.readyWorst > readyLimit) misses.push(`a start took ${sum.readyWorst} ms; ${readyLimit} are allowed`)
  if (sum.kills < 1_000) return misses
  for (const name of ['lostButDone', 'lostUndone', 'resumed', 'closedAgain', 'killsWhileStarting'] as const) {
    if (sum[name] < floor) misses.push(`${name}: ${sum[name]} times; fewer than ${floor} show nothing`)
  }
  const acknowledged = acknowledgedOf(sum)
  if (acknowledged < 10 * sum.kills) misses.push(`${acknowledged} acknowledgements in ${sum.kills} kills are too few`)
  return misses
}
