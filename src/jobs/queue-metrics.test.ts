import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { exposition } from '../observe/index.ts'
import { workOnce } from './keep-working.ts'
import { queueMetrics } from './queue-metrics.ts'
import { claimJob } from './run-transactions.ts'
import { actor, createTestJobs, lease, stepsHandler, stepsKind, type TestJobs } from './test-jobs.testing.ts'

forEachDatabase('the metrics of the queue', (kind) => {
  let t: TestJobs
  beforeEach(async () => {
    t = await createTestJobs(kind)
  })
  afterEach(() => t.dispose())

  const other = { ...stepsKind, name: 'test.other' }
  const shown = async (): Promise<string[]> => (await exposition(queueMetrics(t.database, [stepsKind, other]))).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const others = ['berth_jobs{kind="test.other",state="queued"} 0', 'berth_jobs{kind="test.other",state="running"} 0']
  const queue = async (): Promise<number> => (await t.jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })).id

  test('say what waits and runs, and for how long it could have begun', async () => {
    expect(await shown()).toEqual([
      'berth_jobs{kind="test.steps",state="queued"} 0',
      'berth_jobs{kind="test.steps",state="running"} 0',
      ...others,
      'berth_jobs_oldest_due_seconds{kind="test.steps"} 0',
      'berth_jobs_oldest_due_seconds{kind="test.other"} 0',
    ])
    const first = await queue()
    await queue()
    await t.database.transact(claimJob, { id: first, node: 'there', lease })
    t.clock.advance(90_000)
    await queue()
    expect(await shown()).toEqual([
      'berth_jobs{kind="test.steps",state="queued"} 2',
      'berth_jobs{kind="test.steps",state="running"} 1',
      ...others,
      // The second one: the lease of the first ended later than that was queued.
      'berth_jobs_oldest_due_seconds{kind="test.steps"} 90',
      'berth_jobs_oldest_due_seconds{kind="test.other"} 0',
    ])
    while (await workOnce(t.worker([stepsHandler(t.database)]), new AbortController().signal));
    expect((await shown())[0]).toBe('berth_jobs{kind="test.steps",state="queued"} 0')
    expect((await shown())[4]).toBe('berth_jobs_oldest_due_seconds{kind="test.steps"} 0')
  })
})
