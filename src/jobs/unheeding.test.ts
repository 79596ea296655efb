import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { JobHandler } from './job-kind.ts'
import { keepWorking, workOnce } from './keep-working.ts'
import { actor, createTestJobs, lease, stepsHandler, stepsKind, type StepsPayload, type TestJobs } from './test-jobs.testing.ts'

forEachDatabase('a run that does not heed its signal', (kind) => {
  let t: TestJobs
  let gate: ReturnType<typeof Promise.withResolvers<void>>
  let begun: number
  let underWay: number
  const going = new AbortController().signal
  const deaf: JobHandler<StepsPayload> = {
    kind: stepsKind,
    run: async () => {
      begun++
      underWay++
      await gate.promise
      underWay--
      return {}
    },
  }
  beforeEach(async () => {
    t = await createTestJobs(kind)
    gate = Promise.withResolvers()
    begun = 0
    underWay = 0
  })
  afterEach(() => t.dispose())

  const queue = async (): Promise<number> => (await t.jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })).id
  const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
    for (const limit = performance.now() + 10_000; performance.now() < limit; ) {
      if (await what()) return
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error('it does not come about')
  }
  /** Until the next heartbeat has kept the lease. */
  const beat = async (id: number): Promise<void> => {
    const before = (await t.jobs.find(id))?.dueAt ?? 0
    t.clock.advance(lease / 3)
    await until(async () => ((await t.jobs.find(id))?.dueAt ?? 0) > before)
  }

  test('keeps its job while the process ends, so that nobody else runs it beside: until its lease is over', async () => {
    const id = await queue()
    const end = keepWorking(t.worker([deaf], { node: 'ends' }))
    await until(() => begun === 1)
    const ended = end()
    let isOver = false
    void ended.then(() => (isOver = true))
    t.clock.advance(14_000)
    await t.jobs.find(id)
    expect(isOver).toBe(false)
    t.clock.advance(1_000)
    await ended
    expect(underWay).toBe(1)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'running', node: 'ends', attempt: 1 })
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(false)
    // Nobody puts it off any more.
    t.clock.advance(lease)
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'done', attempt: 2 })
    gate.resolve()
  })

  test('is running until it has ended, also when its job was cancelled long ago', async () => {
    const id = await queue()
    const running = workOnce(t.worker([deaf]), going)
    await until(() => begun === 1)
    await t.jobs.cancel(id, actor)
    for (let beats = 0; beats < 9; beats++) await beat(id)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'running', cancelRequested: true, attempt: 1 })
    expect(await workOnce(t.worker([deaf]), going)).toBe(false)
    gate.resolve()
    await running
    expect([begun, (await t.jobs.find(id))?.state]).toEqual([1, 'done'])
  })

  test('ends with its process too when it was cancelled before', async () => {
    const id = await queue()
    const end = keepWorking(t.worker([deaf]))
    await until(() => begun === 1)
    await t.jobs.cancel(id, actor)
    await beat(id)
    const ended = end()
    t.clock.advance(15_000)
    await ended
    t.clock.advance(lease)
    expect(await workOnce(t.worker([deaf]), going)).toBe(true)
    expect(begun).toBe(1)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'cancelled', attempt: 1 })
    gate.resolve()
  })
})
