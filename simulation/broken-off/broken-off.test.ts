import { expect } from 'bun:test'
import { whyNoFaults } from '../disk-full/refused-writes.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { runBrokenOffRound } from './broken-off-round.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']
const blows = 8

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  const unset = engine === 'PostgreSQL' && server === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined
  testUnless(whyNoFaults() ?? unset)(
    `restores, rebuilds and backups on ${engine}, killed or failing at any call, leave the old state or the new one, and can be run again`,
    async () => {
      const figures = await runBrokenOffRound({ seed, blows, postgres: engine === 'SQLite' ? undefined : server })
      console.log(`broken off on ${engine}, seed ${seed}: ${JSON.stringify(figures)}`)
      expect(Object.values(figures).reduce((sum, count) => sum + count, 0)).toBe(3 * blows)
    },
    300_000,
  )
}
