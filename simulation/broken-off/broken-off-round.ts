import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { each } from '../rig/each.ts'
import { createRandom } from '../rig/random.ts'
import { recordedRounds } from '../rig/recorded-rounds.ts'
import { setScene, type Attempt, type Scene } from './cases.ts'
import { berth, blowsOn, strike, type Blow } from './strike.ts'

export interface BrokenOffRound {
  /** Chooses among all blows that are possible. */
  readonly seed: number
  /** For each of the three commands. */
  readonly blows: number
  /** URL of a PostgreSQL server to make databases on; absent for SQLite. */
  readonly postgres: string | undefined
}

/** How often each state was left, by command and kind of blow, such as `restore, kill: refused`; and `missed` blows. */
export type BrokenOffFigures = Readonly<Record<string, number>>

const atOnce = 2

/** Breaks off restores, rebuilds and backups. Fails with the first one that leaves something else than the old state or the new one. */
export async function runBrokenOffRound({ seed, blows, postgres }: BrokenOffRound): Promise<BrokenOffFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-broken-off-'))
  const figures: Record<string, number> = {}
  try {
    const scene = await setScene(folder, postgres)
    try {
      for (const [name, attempt] of Object.entries(scene.cases)) await breakOff({ name, attempt, seed, blows, figures })
    } finally {
      await scene.dispose()
    }
    return figures
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Breaking extends Pick<BrokenOffRound, 'seed' | 'blows'> {
  readonly name: string
  readonly attempt: Scene['cases']['restore']
  readonly figures: Record<string, number>
}

async function breakOff({ name, attempt, seed, blows, figures }: Breaking): Promise<void> {
  const undisturbed = await attempt()
  const all = await blowsOn(undisturbed.command)
  await undisturbed.dispose()
  await each(choose(all, blows, `${seed}/${name}`), atOnce, async (blow) => {
    const place = await attempt()
    try {
      const left = await struck(place, blow)
      const key = `${name}, ${blow.kind}: ${left}`
      figures[key] = (figures[key] ?? 0) + 1
    } catch (error) {
      const where = `${name} (seed ${seed}), ${blow.kind} at ${blow.call} number ${blow.at}`
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      await place.dispose()
    }
  })
}

async function struck(attempt: Attempt, blow: Blow): Promise<string> {
  const { struck, ...ended } = await strike(attempt.command, blow)
  const left = await attempt.judge(ended)
  await attempt.judgeAgain(await berth(attempt.command), left)
  return struck ? left : 'missed'
}

/** One kind of call after the other, so that the rare ones have their turn too. */
function choose(all: readonly Blow[], count: number, seed: string): Blow[] {
  const random = createRandom('blows', seed)
  const byCall = new Map<string, Blow[]>()
  for (const blow of all) byCall.set(blow.call, [...(byCall.get(blow.call) ?? []), blow])
  const chosen: Blow[] = []
  while (chosen.length < count) {
    for (const blows of byCall.values()) chosen.push(blows[random.below(blows.length)] as Blow)
  }
  return chosen.slice(0, count)
}

export interface BrokenOffSoak {
  /** In all. */
  readonly blows: number
  /** Of the first round; each has the next one. */
  readonly seed: number
  readonly postgres: string | undefined
  /** A file with a line for each round that passed: rounds in it are not run again, and count in the sum. */
  readonly record: string | undefined
}

interface Round {
  readonly rig: 'broken-off'
  readonly database: 'sqlite' | 'postgres'
  readonly seed: number
  readonly figures: BrokenOffFigures
}

const perRound = 60

/** The long form. Fails with the first round that does. */
export async function soakBrokenOff({ blows, seed: first, postgres, record }: BrokenOffSoak) {
  const database = postgres === undefined ? 'sqlite' : 'postgres'
  const rounds = recordedRounds<Round>(record, 'broken-off')
  for (let left = blows, seed = first; left > 0; left -= perRound, seed++) {
    if (rounds.has((round) => round.database === database && round.seed === seed)) continue
    const figures = await runBrokenOffRound({ seed, blows: perRound / 3, postgres })
    rounds.add({ rig: 'broken-off', database, seed, figures })
  }
  const sum: Record<string, number> = {}
  for (const { figures } of rounds.all()) for (const [name, count] of Object.entries(figures)) sum[name] = (sum[name] ?? 0) + count
  return { sum, misses: [] }
}
