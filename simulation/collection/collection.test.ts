import { expect, test } from 'bun:test'
import { whyNoMounts } from '../disk-full/private-mount.ts'
import { createImageDisk } from '../power-cut/image-disk.ts'
import { createDiskMachine } from '../power-cut/power-cut-round.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { type CollectionFigures, collectionRound } from './collection-round.ts'
import { acknowledgedOf } from './figures.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']
const seconds = { idle: 8, beside: 38, struck: 15 }

/** A round in which the writers and the collector did not meet would prove nothing. What a machine at a third of the usual speed does is enough. */
function expectWork(figures: CollectionFigures): void {
  console.log(`collection under load, seed ${seed}: ${JSON.stringify(figures)}`)
  const { beside, struck, crashes, cycles, garbage, gone } = figures
  expect(cycles).toBeGreaterThanOrEqual(3)
  expect(crashes).toBeGreaterThan(1)
  expect(acknowledgedOf(struck)).toBeGreaterThan(30)
  expect(acknowledgedOf(beside)).toBeGreaterThan(300)
  for (const name of ['mounts', 'mountsRefused', 'skips', 'orphansThere', 'orphansGone', 'deletes', 'abandoned', 'looks'] as const) {
    expect({ [name]: beside[name] }).not.toEqual({ [name]: 0 })
  }
  expect(garbage[0]?.files).toBeGreaterThan(10)
  expect(gone).toBeGreaterThanOrEqual(0.99)
}

test('8 writers beside the collector on SQLite, killed at the end: nothing is lost, and garbage goes within two cycles', async () => {
  expectWork(await collectionRound({ seed, ...seconds }))
}, 300_000)

testUnless(server === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
  '8 writers beside the collector on PostgreSQL, in two processes, killed at the end: nothing is lost, and garbage goes within two cycles',
  async () => expectWork(await collectionRound({ seed, ...seconds, postgres: server })),
  300_000,
)

testUnless(whyNoMounts())(
  '8 writers beside the collector on a disk whose power fails: nothing acknowledged is lost',
  async () => {
    const disk = await createImageDisk()
    try {
      const figures = await collectionRound({ seed, idle: 0, beside: 0, struck: 12, machine: createDiskMachine(disk) })
      console.log(`collection and power cuts, seed ${seed}: ${JSON.stringify(figures)}`)
      expect(figures.crashes).toBeGreaterThan(1)
      expect(acknowledgedOf(figures.struck)).toBeGreaterThan(30)
    } finally {
      await disk.end()
    }
  },
  300_000,
)
