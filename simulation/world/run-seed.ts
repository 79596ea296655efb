import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineWriter, openSqliteDatabase } from '../../src/database/index.ts'
import { makeStep } from '../../src/jobs/test-jobs.testing.ts'
import { createManualClock, createSeededIds } from '../../src/lib/index.ts'
import { createCollector, createRegistry } from '../../src/registry/index.ts'
import { transactions } from '../../src/transactions.ts'
import type { Parts } from './server.ts'
import { World, type WorldFigures } from './world.ts'

/** The program as it is. A drill puts something broken in the place of a part. */
export const realParts: Parts = { transactions: new Map([...transactions, [makeStep.name, makeStep]]), createRegistry, createCollector, fileSystem: (fs) => fs }

export interface SeedResult extends WorldFigures {
  readonly seed: number
  /** Two runs with the same digest were the same, turn by turn. */
  readonly digest: string
}

/** In memory where there is such a folder: the database is as durable as a simulation needs it. */
const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Runs one seed and leaves nothing behind. Fails with the seed, what broke and the last turns. */
export async function runSeed(seed: number, parts: Parts = realParts): Promise<SeedResult> {
  const home = mkdtempSync(join(folder, 'berth-world-'))
  try {
    const databasePath = join(home, 'berth.db')
    writeFileSync(databasePath, (emptyDatabase ??= await createDatabase(databasePath, parts)))
    const world = new World({ seed, parts, databasePath })
    try {
      return { seed, ...(await world.run()), digest: world.scheduler.digest() }
    } catch (error) {
      throw explained(seed, world, error)
    } finally {
      await world.end()
    }
  } finally {
    rmSync(home, { recursive: true })
  }
}

let emptyDatabase: Uint8Array | undefined

/** With its schema, so that the observer can look into it before the first server starts. */
async function createDatabase(path: string, { transactions: table }: Parts): Promise<Uint8Array> {
  const database = await openSqliteDatabase({
    path,
    mustExist: false,
    startWriter: () => inlineWriter(table),
    clock: createManualClock(),
    ids: createSeededIds(0),
    onFatal: (error) => {
      throw error
    },
  })
  await database.close()
  return readFileSync(path)
}

function explained(seed: number, { scheduler, faults }: World, error: unknown): Error {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const lines = [`seed ${seed}, faults: ${faults.join(', ')}`, what, 'the last turns:', ...scheduler.last.map((turn) => `  ${turn}`)]
  lines.push(`again: bun simulation/world/replay.ts ${seed}`)
  return new Error(lines.join('\n'), { cause: error })
}
