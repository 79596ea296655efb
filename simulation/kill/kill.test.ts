import { expect, test } from 'bun:test'
import { testUnless } from '../rig/test-unless.testing.ts'
import { acknowledgedOf, type Figures } from './figures.ts'
import { killRound } from './kill-round.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']

/** A run that killed nothing at work would prove nothing. */
function expectWork(figures: Figures, kills: number): void {
  console.log(`kill -9, seed ${seed}: ${JSON.stringify(figures)}`)
  expect(figures.kills).toBe(kills)
  expect(acknowledgedOf(figures)).toBeGreaterThan(kills)
  for (const name of ['lostButDone', 'lostUndone', 'resumed', 'hotReads'] as const) expect(figures[name]).toBeGreaterThan(0)
}

test('100 kills -9 on SQLite: nothing acknowledged is lost, no tag is stale', async () => {
  expectWork(await killRound({ seed, kills: 100, postgres: undefined, keep: false }), 100)
}, 600_000)

testUnless(server === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
  '25 kills -9 on PostgreSQL: nothing acknowledged is lost, no tag is stale',
  async () => expectWork(await killRound({ seed, kills: 25, postgres: server, keep: false }), 25),
  300_000,
)
