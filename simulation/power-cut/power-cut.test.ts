import { describe, expect } from 'bun:test'
import { findTool } from '../../tools/installed.ts'
import { whyNoMounts } from '../disk-full/private-mount.ts'
import { collectingOf } from '../kill/collecting-work.ts'
import { acknowledgedOf, type Figures } from '../kill/figures.ts'
import { createEditedProgram, type Edit } from '../rig/edited-program.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { powerCutRound } from './power-cut-round.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const why = whyNoMounts()
const testOnMount = testUnless(why)

/** A run that cut the power of an idle server would prove nothing. */
function expectWork(figures: Figures, cuts: number): void {
  console.log(`power cuts, seed ${seed}: ${JSON.stringify(figures)}`)
  expect(figures.kills).toBe(cuts)
  expect(acknowledgedOf(figures)).toBeGreaterThan(3 * cuts)
  for (const name of ['lostUndone', 'hotReads'] as const) expect(figures[name]).toBeGreaterThan(0)
}

testOnMount(
  '20 power cuts on SQLite: nothing acknowledged is lost, no tag is stale',
  async () => expectWork(await powerCutRound({ seed, cuts: 20, database: 'sqlite' }), 20),
  300_000,
)

testUnless(why ?? (findTool('postgres') === undefined ? 'PostgreSQL is not installed' : undefined))(
  '5 power cuts on PostgreSQL, which loses its power too: nothing acknowledged is lost, no tag is stale',
  async () => expectWork(await powerCutRound({ seed, cuts: 5, database: 'postgres' }), 5),
  300_000,
)

for (const database of ['sqlite', 'postgres'] as const) {
  const cuts = database === 'sqlite' ? 4 : 2
  testUnless(why ?? (database === 'postgres' && findTool('postgres') === undefined ? 'PostgreSQL is not installed' : undefined))(
    `${cuts} power cuts beside a collector that comes for everything within seconds, on ${database}: what is kept is there, what was deleted goes`,
    async () => {
      const figures = await powerCutRound({ seed, cuts, database, collecting: collectingOf(seed) })
      expectWork(figures, cuts)
      for (const name of ['deletes', 'collected'] as const) expect({ [name]: figures[name] }).not.toEqual({ [name]: 0 })
    },
    180_000,
  )
}

/** What a rig says when something is lost; the last two: of the database nothing is left but its name. */
const lost = /was acknowledged and is not there|problems in the data directory|no order of|answered 404|is not that of its data directory|cannot use the database/

const connection = 'src/database/sqlite/connection.ts'
const unsynced: Readonly<Record<string, readonly Edit[]>> = {
  'its commits': [
    { file: connection, from: 'pragma synchronous = full', to: 'pragma synchronous = off' },
    { file: connection, from: 'synchronous !== 2', to: 'synchronous !== 0' },
  ],
  'its files': [
    { file: 'src/storage/filesystem/system-file-system.ts', from: '() => descriptor.sync(fd)', to: '() => Promise.resolve()' },
  ],
}

describe('a server that does not sync', () => {
  for (const [what, edits] of Object.entries(unsynced)) {
    testOnMount(
      `${what} is found out`,
      async () => {
        const { launcher, dispose } = createEditedProgram(edits)
        try {
          const round = powerCutRound({ seed, cuts: 10, database: 'sqlite', launcher })
          await expect(round).rejects.toThrow(lost)
        } finally {
          dispose()
        }
      },
      300_000,
    )
  }
})
