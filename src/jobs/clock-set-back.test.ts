import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { keepWorking, workOnce } from './keep-working.ts'
import { bringJobsForward, longestWait } from './job-transactions.ts'
import { claimJob, renewRun } from './run-transactions.ts'
import { actor, createTestJobs, lease, stepsHandler, stepsKind, type TestJobs } from './test-jobs.testing.ts'

forEachDatabase('after the clock of the database was set back by years', (kind) => {
  let t: TestJobs
  let back: number
  const going = new AbortController().signal
  const years = 5 * 365 * 86_400_000
  beforeEach(async () => {
    back = 0
    t = await createTestJobs({ ...kind, create: async (table, clock) => await kind.create(table, { ...clock, now: () => clock.now() - back }) })
  })
  afterEach(() => t.dispose())

  const queue = async (): Promise<number> => (await t.jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })).id
  const forward = async () => expect(await t.database.transact(bringJobsForward, { kinds: [stepsKind.name] })).toEqual({ ok: null })
  const work = async () => await workOnce(t.worker([stepsHandler(t.database)]), going)

  test('what waits begins, and what ran long ago is taken over, when that is seen', async () => {
    const [waits, lost] = [await queue(), await queue()]
    await t.database.transact(claimJob, { id: lost, node: 'killed', lease })
    back = years
    expect(await work()).toBe(false)
    await forward()
    expect(await work()).toBe(true)
    expect(await work()).toBe(false)
    expect([await t.jobs.find(waits), await t.jobs.find(lost)]).toMatchObject([{ state: 'done' }, { state: 'running', attempt: 1 }])
    t.clock.advance(longestWait)
    expect(await work()).toBe(true)
    expect(await t.jobs.find(lost)).toMatchObject({ state: 'done', attempt: 2 })
  })

  test('what is run stays with its worker, and what waits for its next run waits for that', async () => {
    const [runs, retried] = [await queue(), await queue()]
    back = years
    const claimed = await t.database.transact(claimJob, { id: runs, node: 'here', lease })
    // Claimed by neither clock: it was not due yet.
    expect(claimed).toEqual({ ok: null })
    back = 0
    const taken = await t.database.transact(claimJob, { id: runs, node: 'here', lease })
    if (!('ok' in taken) || taken.ok === null || 'ended' in taken.ok) throw new Error('it was not taken')
    back = years
    await forward()
    expect(await t.database.transact(renewRun, { run: taken.ok.run, lease, report: { firstLine: 1, lines: [] } })).toEqual({ ok: { cancel: false } })
    expect((await t.jobs.find(runs))?.dueAt).toBe(t.clock.now() - years + lease)
    const fails = { kind: stepsKind, run: () => Promise.reject(new Error('no')) }
    expect(await workOnce(t.worker([fails]), going)).toBe(true)
    const pause = (await t.jobs.find(retried))?.dueAt
    await forward()
    expect((await t.jobs.find(retried))?.dueAt).toBe(pause as number)
  })

  test('a worker sees it by itself', async () => {
    const id = await queue()
    back = years
    const end = keepWorking(t.worker([stepsHandler(t.database)]))
    for (const limit = performance.now() + 10_000; (await t.jobs.find(id))?.state !== 'done' && performance.now() < limit; ) {
      await new Promise((resolve) => setImmediate(resolve))
      t.clock.advance(100)
    }
    await end()
    expect((await t.jobs.find(id))?.state).toBe('done')
  })
})
