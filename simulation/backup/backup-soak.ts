import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordedRounds } from '../rig/recorded-rounds.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { runBackupRound, type BackupFigures } from './backup-round.ts'

export interface BackupSoak {
  /** Each has a seed of its own, this one and those after it. */
  readonly rounds: number
  readonly seed: number
  /** URL of a PostgreSQL server to make databases on; absent for SQLite alone. */
  readonly postgres: string | undefined
  /** A file with a line for each round that passed: rounds in it are not run again, and count in the sum. */
  readonly record: string | undefined
}

type Engines = 'sqlite to sqlite' | 'sqlite to postgres' | 'postgres to sqlite' | 'postgres to postgres'

interface Round extends BackupFigures {
  readonly rig: 'backup'
  readonly engines: Engines
  readonly seed: number
}

const kills = 8
const pairs: readonly Engines[] = ['sqlite to postgres', 'postgres to sqlite', 'postgres to postgres']

/** The long form: with PostgreSQL every pair of engines that has it, in turn. Fails with the first round that does. */
export async function soakBackups({ rounds: count, seed: first, postgres, record }: BackupSoak) {
  const rounds = recordedRounds<Round>(record, 'backup')
  for (let seed = first; seed < first + count; seed++) {
    const engines = postgres === undefined ? 'sqlite to sqlite' : (pairs[seed % pairs.length] as Engines)
    if (rounds.has((round) => round.engines === engines && round.seed === seed)) continue
    rounds.add({ rig: 'backup', engines, seed, ...(await roundOf(engines, seed, postgres)) })
  }
  const total = (name: keyof BackupFigures): number => rounds.all().reduce((sum, round) => sum + round[name], 0)
  const sum = { rounds: rounds.all().length, checked: total('checked'), objects: total('objects'), killed: total('killed'), wholeAfterKill: total('wholeAfterKill') }
  return { sum, misses: [] }
}

async function roundOf(engines: Engines, seed: number, postgres: string | undefined): Promise<BackupFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
  const open = async (engine: string): Promise<TestedDatabase> =>
    engine === 'sqlite' || postgres === undefined ? testedSqlite : await createTestedPostgres(postgres)
  const [from = '', to = ''] = engines.split(' to ')
  const [source, target] = [await open(from), await open(to)]
  try {
    return await runBackupRound({ seed, folder, from: source, to: target, kills })
  } catch (error) {
    throw new Error(`backup of ${engines}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    await source.dispose()
    await target.dispose()
    rmSync(folder, { recursive: true })
  }
}
