import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runFsck } from '../bit-rot/fsck-process.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { killAmongProjects } from './project-kill.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const postgres = process.env['BERTH_TEST_POSTGRES']

async function round(kills: number, database: TestedDatabase): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-project-kill-'))
  const data = join(folder, 'data')
  try {
    const figures = await killAmongProjects({ seed, kills, data, database })
    console.log(`kill -9 among projects, seed ${seed}: ${JSON.stringify(figures)}`)
    expect(figures.kills).toBe(kills)
    expect(figures.checks).toBeGreaterThan(10 * kills)
    if (database === testedSqlite) expect(await runFsck(data, '--deep')).toEqual({ exitCode: 0, findings: [] })
  } finally {
    await database.dispose()
    await rm(folder, { recursive: true })
  }
}

test('9 kills -9 while projects are deleted, renamed and archived: nothing is half done, and no right outlives its project', async () => {
  await round(9, testedSqlite)
}, 300_000)

testUnless(postgres === undefined ? 'BERTH_TEST_POSTGRES is not set: run npm test' : undefined)(
  '3 of them on PostgreSQL',
  async () => round(3, await createTestedPostgres(postgres ?? '')),
  300_000,
)
