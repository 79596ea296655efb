import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcessMachine } from '../rig/machine.ts'
import { testedSqlite } from '../rig/tested-database.ts'
import { type Collecting, createCollectingWork } from './collecting-work.ts'
import type { Figures } from './figures.ts'
import { runKills } from './kill-loop.ts'
import { createOwnPostgres } from './own-postgres.ts'
import { pushingWork } from './pushing-work.ts'

export interface KillRound {
  readonly seed: number
  readonly kills: number
  /** PostgreSQL crashes too, while the server goes on. */
  readonly database: 'sqlite' | 'postgres'
  /** Another program than this checkout's. */
  readonly launcher?: string
  /** With collection that comes for everything within seconds; absent: nothing that was pushed goes. */
  readonly collecting?: Collecting | undefined
  /** How many threads answer requests; 1 unless told. */
  readonly workers?: number
  /** Leave the data directory where it is when something is wrong with it, and name it in the error. */
  readonly keep: boolean
}

/** Runs the loop on a data directory and a database of its own, and removes both. */
export async function killRound({ seed, kills, database: kind, launcher, collecting, workers = 1, keep }: KillRound): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-kill-'))
  const database = kind === 'sqlite' ? testedSqlite : await createOwnPostgres()
  let kept = false
  try {
    const machine = createProcessMachine(join(folder, 'data'), launcher)
    const work = collecting === undefined ? pushingWork : createCollectingWork(collecting)
    return await runKills({ seed, kills, machine, database, work, workers, inventoryEvery: 10 })
  } catch (error) {
    if (!keep) throw error
    kept = true
    throw new Error(`${error instanceof Error ? error.message : String(error)}\nthe data is in ${folder}`, { cause: error })
  } finally {
    await database.dispose()
    if (!kept) await rm(folder, { recursive: true })
  }
}
