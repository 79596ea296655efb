import { expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testUnless } from '../rig/test-unless.testing.ts'
import { createTestedPostgres, testedSqlite } from '../rig/tested-database.ts'
import { runBackupRound } from './backup-round.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']

type Engine = 'SQLite' | 'PostgreSQL'
const pairs: readonly (readonly [Engine, Engine])[] = [['SQLite', 'SQLite'], ['SQLite', 'PostgreSQL'], ['PostgreSQL', 'SQLite']]
const databaseOn = async (engine: Engine) => (engine === 'SQLite' ? testedSqlite : await createTestedPostgres(server as string))

for (const [from, to] of pairs) {
  const unset = server === undefined && (from !== 'SQLite' || to !== 'SQLite')
  testUnless(unset ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
    `backups of ${from} under load, some of them killed, restored on ${to}: nothing acknowledged is missing, nothing dangles`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
      const [source, target] = [await databaseOn(from), await databaseOn(to)]
      try {
        const figures = await runBackupRound({ seed, folder, from: source, to: target, kills: 4 })
        console.log(`backup of ${from} to ${to}, seed ${seed}: ${JSON.stringify(figures)}`)
        expect(figures.checked).toBeGreaterThan(10)
        expect(figures.objects).toBeGreaterThan(10)
      } finally {
        await source.dispose()
        await target.dispose()
        rmSync(folder, { recursive: true })
      }
    },
    180_000,
  )
}
