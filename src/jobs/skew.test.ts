import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { workOnce } from './keep-working.ts'
import { claimJob } from './run-transactions.ts'
import { actor, createTestJobs, lease, makeStep, stepsHandler, stepsKind, type TestJobs } from './test-jobs.testing.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const rounds = 60
const year = 365 * 86_400_000

/** Numbers below a limit that depend on the seed alone. */
function createNumbers(from: number): (limit: number) => number {
  let state = from >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

forEachDatabase(`workers whose clocks differ by up to a year (seed ${seed})`, (kind) => {
  let t: TestJobs
  const going = new AbortController().signal
  beforeEach(async () => {
    t = await createTestJobs(kind)
  })
  afterEach(() => t.dispose())

  test(
    'take a job over when its lease is over by the clock of the database: never before, and then at once',
    async () => {
      const random = createNumbers(seed)
      const wrong = () => (random(2) === 0 ? 1 : -1) * random(random(2) === 0 ? 2 * lease : year)
      const patient = { ...stepsKind, mostAttempts: rounds + 2 }
      const worker = () => {
        const skew = wrong()
        return t.worker([{ ...stepsHandler(t.database), kind: patient }], { clock: { ...t.clock, now: () => t.clock.now() + skew } })
      }
      for (let round = 0; round < rounds; round++) {
        const at = `seed ${seed}, round ${round}`
        const { id } = await t.jobs.queue({ kind: patient.name, payload: { steps: 2 }, actor })
        const claimed = await t.database.transact(claimJob, { id, node: 'killed', lease })
        if (!('ok' in claimed) || claimed.ok === null || 'ended' in claimed.ok) throw new Error(`${at}: it was not taken`)
        const { run } = claimed.ok
        const passed = random(lease)
        t.clock.advance(passed)
        expect([at, await workOnce(worker(), going)]).toEqual([at, false])
        expect([at, await t.database.transact(makeStep, { run, step: 1 })]).toEqual([at, { ok: null }])
        t.clock.advance(lease - passed + random(lease))
        expect([at, await workOnce(worker(), going)]).toEqual([at, true])
        expect([at, await t.database.transact(makeStep, { run, step: 2 })]).toEqual([at, { refused: 'JOB_RUN_LOST' }])
        expect([at, await t.jobs.find(id)]).toMatchObject([at, { state: 'done', attempt: 2 }])
        expect((await t.steps()).filter((step) => step.startsWith(`${id}:`))).toEqual([`${id}:1`, `${id}:2`])
      }
    },
    60_000,
  )
})
