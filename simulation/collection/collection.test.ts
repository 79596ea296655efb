import { expect, test } from 'bun:test'
import { testUnless } from '../rig/test-unless.testing.ts'
import { type CollectionFigures, collectionRound } from './collection-round.ts'
import { acknowledgedOf } from './figures.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']
const seconds = { idle: 10, beside: 50 }

/** A round in which the writers and the collector did not meet would prove nothing. */
function expectWork(figures: CollectionFigures): void {
  console.log(`collection under load, seed ${seed}: ${JSON.stringify(figures)}`)
  const { beside, cycles, garbage, gone } = figures
  expect(cycles).toBeGreaterThanOrEqual(8)
  expect(acknowledgedOf(beside)).toBeGreaterThan(1_000)
  for (const name of ['mounts', 'mountsRefused', 'skips', 'orphansThere', 'orphansGone', 'deletes', 'abandoned', 'looks'] as const) {
    expect({ [name]: beside[name] }).not.toEqual({ [name]: 0 })
  }
  expect(garbage[0]?.files).toBeGreaterThan(50)
  expect(gone).toBeGreaterThanOrEqual(0.99)
}

test('8 writers beside the collector on SQLite: nothing acknowledged is lost, and garbage goes within two cycles', async () => {
  expectWork(await collectionRound({ seed, ...seconds }))
}, 300_000)

testUnless(server === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
  '8 writers beside the collector on PostgreSQL, in two processes: nothing acknowledged is lost, and garbage goes within two cycles',
  async () => expectWork(await collectionRound({ seed, ...seconds, postgres: server })),
  300_000,
)
