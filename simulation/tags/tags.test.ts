import { expect, test } from 'bun:test'
import { createEditedProgram, type Edit } from '../rig/edited-program.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { tagRound, type TagFigures } from './tag-rounds.ts'

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const server = process.env['BERTH_TEST_POSTGRES']

/** A round in which nothing was contended would prove nothing. */
function expectWork(figures: TagFigures, operations: number): void {
  console.log(`tags, seed ${seed}: ${JSON.stringify(figures)}`)
  expect(figures.operations).toBeGreaterThanOrEqual(operations)
  expect(figures.kills).toBeGreaterThan(0)
  expect(figures.races).toBeGreaterThan(10)
  const wanted = ['get done', 'get absent', 'put done', 'put refused', 'put lost', 'delete done', 'delete refused', 'delete absent']
  expect(wanted.filter((name) => figures.answers[name] === undefined)).toEqual([])
}

test('20,000 operations of 16 clients on 8 tags, killed in between, are linearizable on SQLite', async () => {
  expectWork(await tagRound({ seed, operations: 20_000, perKill: 1_500 }), 20_000)
}, 300_000)

test('4,000 operations on a server of three threads are, on SQLite', async () => {
  expectWork(await tagRound({ seed, operations: 4_000, perKill: 1_500, workers: 3 }), 4_000)
}, 300_000)

testUnless(server === undefined ? 'BERTH_TEST_POSTGRES is not set, npm test sets it' : undefined)(
  '4,000 operations on PostgreSQL are',
  async () => expectWork(await tagRound({ seed, operations: 4_000, perKill: 1_500, postgres: server }), 4_000),
  300_000,
)

const store = 'src/registry/tag-store.ts'

test.each<[string, Edit, number, string]>([
  [
    'a condition is not looked at under the lock',
    { file: store, from: "if (!preconditionHolds(precondition, from)) return refusal('PRECONDITION_FAILED')", to: '' },
    12,
    '16 of 16 won the race',
  ],
  [
    'a tag that is moved stays where it was',
    { file: store, from: 'await tx.run(move, repositoryId, tag.name, digest, tx.now, by)', to: '' },
    0,
    'no order explains',
  ],
  [
    'a tag is read from memory without asking whether it changed',
    { file: 'src/registry/changes.ts', from: 'since >= floor && since >= (changes.get(repository) ?? 0)', to: 'since >= 0 || repository === undefined' },
    0,
    'no order explains',
  ],
])('it is found out when %s', async (_, edit, races, finding) => {
  const program = createEditedProgram([edit])
  try {
    const round = tagRound({ seed, operations: 2_000, perKill: 500, races, launcher: program.launcher })
    expect(await round.then(() => 'nothing', (error: Error) => error.message)).toContain(finding)
  } finally {
    program.dispose()
  }
}, 120_000)
