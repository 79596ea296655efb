import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { DatabaseError, type Database } from '../database/index.ts'
import { systemIds } from '../lib/index.ts'
import { createJobs } from './jobs.ts'
import { workOnce } from './keep-working.ts'
import { actor, createTestJobs, lease, stepsHandler, stepsKind, type TestJobs } from './test-jobs.testing.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const going = new AbortController().signal
const rounds = 40

/** Numbers below a limit that depend on the seed alone. */
function createNumbers(from: number): (limit: number) => number {
  let state = from >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/**
 * A process that is killed after some calls: nothing that it asks for afterwards is done. The last one is lost on its way, or its reply
 * is. Some calls before fail or are repeated, as by a database that was away for a moment.
 */
function mortal({ transact, ...database }: Database, random: (limit: number) => number): Database {
  let left = 1 + random(24)
  const dead = () => new DatabaseError('unavailable', 'the process was killed')
  const call = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (left <= 0) return await new Promise<T>(() => undefined)
    left--
    const [isLast, replyLost] = [left === 0, random(2) === 0]
    if (isLast && !replyLost) throw dead()
    const answer = await ask()
    if (isLast) throw dead()
    return answer
  }
  return {
    ...database,
    one: (...asked) => call(async () => await database.one(...asked)),
    all: (...asked) => call(async () => await database.all(...asked)),
    transact: (transaction, input, operationId = systemIds.uuid()) =>
      call(async () => {
        const once = async () => await transact(transaction, input, operationId)
        // The reply was lost: asked for again under the same id.
        if (random(4) === 0) await once()
        return await once()
      }),
  }
}

forEachDatabase(`workers that are killed at any call (seed ${seed})`, (kind) => {
  let t: TestJobs
  beforeEach(async () => {
    t = await createTestJobs(kind)
  })
  afterEach(() => t.dispose())

  test.each(Array.from({ length: kind.dialect === 'sqlite' ? rounds : Math.ceil(rounds / 4) }, (_, round) => round))(
    'leave every effect made once, no job lost and none stuck: round %d',
    async (round) => {
      const random = createNumbers(seed + round)
      const patient = { ...stepsKind, mostAttempts: 1000 }
      const jobs = createJobs({ database: t.database, kinds: [patient] })
      const wanted: string[] = []
      const ids: number[] = []
      for (let made = 0; made < 4; made++) {
        const steps = 1 + random(4)
        const { id } = await jobs.queue({ kind: stepsKind.name, payload: { steps }, actor })
        ids.push(id)
        for (let step = 1; step <= steps; step++) wanted.push(`${id}:${step}`)
      }
      const states = async () => await Promise.all(ids.map(async (id) => (await t.jobs.find(id))?.state))
      for (let lives = 0; (await states()).includes('queued') || (await states()).includes('running'); lives++) {
        if (lives > 400) throw new Error(`seed ${seed}, round ${round}: stuck: ${String(await states())}`)
        // Some live to the end of a job; two at a time.
        const lanes = Array.from({ length: 2 }, async () => {
          const database = random(4) === 0 ? t.database : mortal(t.database, random)
          const { run } = stepsHandler(database)
          const worker = t.worker([{ kind: patient, run }], { database, node: `life ${lives}` })
          // Who is dead does not come back.
          await Promise.race([workOnce(worker, going).catch(() => false), turns(300)])
        })
        await Promise.all(lanes)
        t.clock.advance(random(3) === 0 ? lease : 1_000 + random(lease))
      }
      expect(await states()).toEqual(ids.map(() => 'done'))
      expect((await t.steps()).toSorted()).toEqual(wanted.toSorted())
    },
    60_000,
  )
})

/** While others do what they do. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
