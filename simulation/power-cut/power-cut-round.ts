import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collecting, createCollectingWork } from '../kill/collecting-work.ts'
import type { Figures } from '../kill/figures.ts'
import { runKills } from '../kill/kill-loop.ts'
import { pushingWork } from '../kill/pushing-work.ts'
import { freeze } from '../rig/freeze.ts'
import type { Machine } from '../rig/machine.ts'
import type { PostgresProcess } from '../rig/postgres-process.ts'
import { createTestedPostgres, testedSqlite } from '../rig/tested-database.ts'
import { createDiskPostgres } from './disk-postgres.ts'
import { createImageDisk, type ImageDisk } from './image-disk.ts'

export interface PowerCutRound {
  readonly seed: number
  readonly cuts: number
  /** With PostgreSQL the files of its server are on the same disk, and its power fails with it. */
  readonly database: 'sqlite' | 'postgres'
  /** With collection that comes for everything within seconds; absent: nothing that was pushed goes. */
  readonly collecting?: Collecting | undefined
  /** Another program than this checkout's. */
  readonly launcher?: string
  /** Leave a copy of the data directory when something is wrong with it, and name it in the error. */
  readonly keep?: boolean
}

/** The loop of the kill rig on a disk of its own, where each crash is a power cut. */
export async function powerCutRound({ seed, cuts, database, collecting, launcher, keep = false }: PowerCutRound): Promise<Figures> {
  const disk = await createImageDisk()
  let postgres: PostgresProcess | undefined
  try {
    if (database === 'postgres') postgres = await createDiskPostgres(disk)
    const machine = createDiskMachine(disk, postgres, launcher)
    const tested = postgres === undefined ? testedSqlite : await createTestedPostgres(postgres.url)
    const work = collecting === undefined ? pushingWork : createCollectingWork(collecting)
    return await runKills({ seed, kills: cuts, machine, database: tested, work, inventoryEvery: 1 })
  } catch (error) {
    throw keep ? keepData(disk, error) : error
  } finally {
    await postgres?.end()
    await disk.end()
  }
}

function keepData({ fromHere }: ImageDisk, error: unknown): Error {
  const folder = mkdtempSync(join(tmpdir(), 'berth-power-cut-'))
  cpSync(fromHere, folder, { recursive: true })
  return new Error(`${error instanceof Error ? error.message : String(error)}\nthe data is in ${folder}`, { cause: error })
}

/** Everything stands still, what the device holds is kept, everything is killed, and what was kept is all there is. */
export function createDiskMachine(disk: ImageDisk, postgres?: PostgresProcess, launcher?: string): Machine {
  const { under, path, fromHere } = disk
  return Object.freeze<Machine>({
    server: { data: `${path}/data`, under, ...(launcher === undefined ? {} : { launcher }) },
    dataFromHere: `${fromHere}/data`,
    keepsUnsynced: false,
    crash: async (server) => {
      // First the one that acknowledges: nothing is promised after this moment.
      await freeze([server.pid])
      await postgres?.freeze()
      await disk.copy()
      await server.kill()
      await postgres?.kill()
      await disk.replace()
      await postgres?.start()
    },
  })
}
