import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { createLogger } from '../observe/index.ts'
import { JobFailure, type JobHandler, type JobRun } from './job-kind.ts'
import { createJobs } from './jobs.ts'
import { clearOnce, keepWorking, workOnce } from './keep-working.ts'
import { claimJob, endRun, renewRun } from './run-transactions.ts'
import { actor, createTestJobs, events, lease, makeStep, stepsHandler, stepsKind, type StepsPayload, type TestJobs } from './test-jobs.testing.ts'

forEachDatabase('a job', (kind) => {
  let t: TestJobs
  const going = new AbortController().signal
  beforeEach(async () => {
    t = await createTestJobs(kind)
  })
  afterEach(() => t.dispose())

  const queue = async (steps = 2): Promise<number> => (await t.jobs.queue({ kind: stepsKind.name, payload: { steps }, actor })).id
  const handlerOf = (run: (run: JobRun<StepsPayload>) => Promise<unknown>, more: object = {}): JobHandler<StepsPayload> => ({ kind: { ...stepsKind, ...more }, run })
  /** Until nothing is pending but sleeps. */
  const settle = async (until: () => boolean | Promise<boolean>): Promise<void> => {
    for (let turns = 0; turns < 5000; turns++) {
      if (await until()) return
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error('it does not come about')
  }
  const stateOf = async (id: number) => (await t.jobs.find(id))?.state

  test('is queued, run, and keeps its progress, its log and its result', async () => {
    const id = await queue()
    expect(await t.jobs.find(id)).toMatchObject({ state: 'queued', attempt: 0, mostAttempts: 3, payload: { steps: 2 }, createdBy: 'olga' })
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({
      state: 'done',
      attempt: 1,
      progress: { done: 2, total: 2, unit: 'steps' },
      result: { steps: 2 },
      error: undefined,
      node: undefined,
      finishedAt: t.clock.now(),
    })
    expect((await t.jobs.lines(id, 0, 10)).map(({ number, text }) => [number, text])).toEqual([[1, 'step 1'], [2, 'step 2']])
    expect(await t.steps()).toEqual([`${id}:1`, `${id}:2`])
    const kinds = (await t.database.all(events, 0)).map(({ kind: name, actor: by }) => [name, by])
    expect(kinds).toEqual([['job.queue', 'olga'], ['test.step', null], ['test.step', null], ['job.end', null]])
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(false)
  })

  test('with a payload that its kind does not take, or of no kind, is refused with the place, and nothing is queued', async () => {
    const wrong = t.jobs.queue({ kind: stepsKind.name, payload: { steps: 'two' }, actor })
    await expect(wrong).rejects.toMatchObject({ code: 'PAYLOAD_INVALID', field: 'payload', message: 'payload /steps: must be a number' })
    await expect(t.jobs.queue({ kind: 'test.none', payload: {}, actor })).rejects.toMatchObject({ code: 'KIND_UNKNOWN', field: 'kind' })
    expect(await t.jobs.list({}, undefined, 10)).toEqual([])
    expect(await t.database.all(events, 0)).toEqual([])
  })

  test('with the key of one that has not ended is that one; afterwards it is a new one', async () => {
    const kinds = [{ ...stepsKind, dedupeKey: ({ steps }: StepsPayload) => String(steps) }]
    const jobs = createJobs({ database: t.database, kinds })
    const first = await jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })
    expect(await jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })).toEqual({ id: first.id, added: false })
    expect(await jobs.queue({ kind: stepsKind.name, payload: { steps: 2 }, actor })).toMatchObject({ added: true })
    const both = await Promise.all([3, 3].map(async (steps) => await jobs.queue({ kind: stepsKind.name, payload: { steps }, actor })))
    expect(both.filter(({ added }) => added)).toHaveLength(1)
    await workOnce(t.worker([stepsHandler(t.database)]), going)
    expect(await jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })).toMatchObject({ added: true })
  })

  test('that fails is run again after a growing pause, and fails for good when no run is left', async () => {
    const id = await queue()
    const worker = t.worker([handlerOf(() => Promise.reject(new JobFailure('no-room', 'there is no room')))])
    for (const pause of [5_000, 10_000]) {
      expect(await workOnce(worker, going)).toBe(true)
      expect(await t.jobs.find(id)).toMatchObject({ state: 'queued', error: { code: 'no-room', message: 'there is no room' }, dueAt: t.clock.now() + pause })
      t.clock.advance(pause - 1)
      expect(await workOnce(worker, going)).toBe(false)
      t.clock.advance(1)
    }
    expect(await workOnce(worker, going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'failed', attempt: 3, error: { code: 'no-room' } })
  })

  test('that fails for a reason that nobody foresaw shows where to look for it, and the log has it whole', async () => {
    const id = await queue()
    const lines: string[] = []
    const logger = createLogger({ level: 'warn', destination: { write: (line) => void lines.push(line), close: () => Promise.resolve() } })
    const wrong = new Error('/srv/berth: relation of team/secret', { cause: new Error('the disk') })
    await workOnce(t.worker([handlerOf(() => Promise.reject(wrong))], { logger }), going)
    const { error } = (await t.jobs.find(id)) ?? {}
    expect(error).toEqual({ code: 'failed', message: `the run failed inside; the log of the server says why, under the job ${id}` })
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'error', msg: 'a run of a job failed', job: id, kind: stepsKind.name, attempt: 1, error: { stack: expect.stringContaining('team/secret') as unknown } },
    ])
    expect(lines[0]).toContain('the disk')
  })

  test('that can only fail again is not run again', async () => {
    const id = await queue()
    await workOnce(t.worker([handlerOf(() => Promise.reject(new JobFailure('gone', 'it is gone', { final: true })))]), going)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'gone' } })
  })

  describe('whose payload is of another version', () => {
    test('that is older fails with the reason, and nothing of it is done', async () => {
      const id = await queue()
      await t.outdate(id, 1)
      expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(true)
      expect(await t.jobs.find(id)).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'payload-outdated', message: expect.stringContaining('payload of version 1') } })
      expect(await t.steps()).toEqual([])
    })

    test('that is newer, or of a kind that this program does not know, waits for one that does', async () => {
      const id = await queue()
      await t.outdate(id, 3)
      expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(false)
      expect(await workOnce(t.worker([]), going)).toBe(false)
      expect(await stateOf(id)).toBe('queued')
      const newer = handlerOf(() => Promise.resolve({}), { version: 3 })
      expect(await workOnce(t.worker([newer]), going)).toBe(true)
      expect(await stateOf(id)).toBe('done')
    })
  })

  test('whose worker is gone is taken over when the lease ends, goes on where it was, and the one that is late changes nothing', async () => {
    const id = await queue(2)
    const claimed = await t.database.transact(claimJob, { id, node: 'there', lease })
    if (!('ok' in claimed) || claimed.ok === null || 'ended' in claimed.ok) throw new Error('it was not taken')
    const { run } = claimed.ok
    expect(await t.database.transact(makeStep, { run, step: 1 })).toEqual({ ok: null })
    t.clock.advance(lease - 1)
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(false)
    t.clock.advance(1)
    // Nobody has taken it yet, and still it is too late.
    expect(await t.database.transact(makeStep, { run, step: 2 })).toEqual({ refused: 'JOB_RUN_LOST' })
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'done', attempt: 2 })
    const report = { firstLine: 1, lines: ['late'] }
    expect(await t.database.transact(makeStep, { run, step: 2 })).toEqual({ refused: 'JOB_RUN_LOST' })
    expect(await t.database.transact(renewRun, { run, lease, report })).toEqual({ refused: 'JOB_RUN_LOST' })
    expect(await t.database.transact(endRun, { run, end: { state: 'done', result: '1' }, report })).toEqual({ refused: 'JOB_RUN_LOST' })
    expect(await t.steps()).toEqual([`${id}:1`, `${id}:2`])
    expect(await t.jobs.lines(id, 0, 10)).toMatchObject([{ text: 'step 2' }])
  })

  test('whose workers are killed again and again ends as failed', async () => {
    const id = await queue()
    for (let runs = 0; runs < 3; runs++) {
      expect(await t.database.transact(claimJob, { id, node: 'there', lease })).toMatchObject({ ok: { run: { job: id } } })
      t.clock.advance(lease)
    }
    const ended: string[] = []
    expect(await workOnce(t.worker([stepsHandler(t.database)], { onEnd: (...what) => ended.push(what.join(' ')) }), going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'failed', attempt: 3, error: { code: 'abandoned' } })
    expect(ended).toEqual([`${stepsKind.name} failed`])
  })

  test('is taken once by an operation whose reply was lost', async () => {
    const id = await queue()
    const taken = await t.database.transact(claimJob, { id, node: 'there', lease }, 'the operation')
    const again = await t.database.transact(claimJob, { id, node: 'there', lease }, 'the operation')
    expect(taken).toMatchObject({ ok: { run: { job: id, claim: 'the operation' }, attempt: 1 } })
    expect(again).toMatchObject({ ok: { run: { job: id, claim: 'the operation' }, attempt: 1 } })
    expect(await t.jobs.find(id)).toMatchObject({ attempt: 1 })
    expect(await t.database.transact(claimJob, { id, node: 'there', lease }, 'another one')).toEqual({ ok: null })
  })

  test('that waits is cancelled at once, one that runs by its next heartbeat, and one that has ended not at all', async () => {
    const [waits, runs] = [await queue(), await queue()]
    expect(await t.jobs.cancel(waits, actor)).toBe('cancelled')
    let seen: unknown
    const handler = handlerOf(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            seen = signal.reason
            reject(signal.reason as Error)
          })
        }),
    )
    const running = workOnce(t.worker([handler]), going)
    await settle(async () => (await stateOf(runs)) === 'running')
    expect(await t.jobs.cancel(runs, actor)).toBe('running')
    t.clock.advance(lease / 3)
    await running
    expect(await stateOf(runs)).toBe('cancelled')
    expect(seen).toMatchObject({ why: 'cancelled' })
    await expect(t.jobs.cancel(runs, actor)).rejects.toMatchObject({ code: 'JOB_OVER' })
    await expect(t.jobs.cancel(1_000_000, actor)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' })
    const cancelled = (await t.database.all(events, 0)).filter(({ kind: name }) => name === 'job.cancel').map(({ keys }) => JSON.parse(keys) as unknown)
    expect(cancelled).toMatchObject([
      { id: waits, before: { state: 'queued' }, after: { state: 'cancelled' } },
      { id: runs, before: { state: 'running' }, after: { state: 'running', cancelRequested: true } },
    ])
  })

  test('whose lease ended is cancelled at once, whoever still runs it', async () => {
    const id = await queue()
    await t.database.transact(claimJob, { id, node: 'there', lease })
    t.clock.advance(lease)
    expect(await t.jobs.cancel(id, actor)).toBe('cancelled')
  })

  test('is given back when the process ends, and that run does not count', async () => {
    const id = await queue(5)
    const blocked = stepsHandler(t.database, async ({ signal }, step) => {
      if (step < 3) return
      // It may be told before it listens.
      signal.throwIfAborted()
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    })
    const end = keepWorking(t.worker([blocked]))
    await settle(async () => (await t.steps()).length === 2)
    await end()
    expect(await t.jobs.find(id)).toMatchObject({ state: 'queued', attempt: 0, progress: { done: 2 }, dueAt: t.clock.now() })
    expect(await workOnce(t.worker([stepsHandler(t.database)]), going)).toBe(true)
    expect(await t.jobs.find(id)).toMatchObject({ state: 'done', attempt: 1 })
    expect(await t.steps()).toEqual([1, 2, 3, 4, 5].map((step) => `${id}:${step}`))
  })

  test('keeps its lease while it is run for longer, and tells how far it is', async () => {
    const id = await queue(1)
    const gate = Promise.withResolvers<void>()
    const handler = handlerOf(async (run) => {
      run.report({ done: 1, unit: 'bytes', note: 'half' })
      run.log('begun')
      await gate.promise
      return {}
    })
    const running = workOnce(t.worker([handler]), going)
    await settle(async () => (await stateOf(id)) === 'running')
    for (let thirds = 0; thirds < 9; thirds++) {
      const before = (await t.jobs.find(id))?.dueAt ?? 0
      t.clock.advance(lease / 3)
      await settle(async () => ((await t.jobs.find(id))?.dueAt ?? 0) > before)
      expect(await workOnce(t.worker([handler]), going)).toBe(false)
    }
    expect(await t.jobs.find(id)).toMatchObject({ attempt: 1, progress: { done: 1, unit: 'bytes', note: 'half' }, node: 'here' })
    expect(await t.jobs.lines(id, 0, 10)).toMatchObject([{ number: 1, text: 'begun' }])
    gate.resolve()
    await running
    expect(await stateOf(id)).toBe('done')
  })

  test('keeps the newest lines of a long log', async () => {
    const id = await queue(1)
    const handler = handlerOf((run) => {
      for (let line = 1; line <= 450; line++) run.log(`line ${line} ${'x'.repeat(1000)}`)
      return Promise.resolve({})
    })
    await workOnce(t.worker([handler]), going)
    const lines = await t.jobs.lines(id, 0, 1000)
    expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 200 }, (_, at) => 251 + at))
    expect(lines[0]?.text).toStartWith('line 251 ')
    expect(lines[0]?.text).toHaveLength(500)
  })

  test('is cleared thirty days after its end, with its log, in batches', async () => {
    const handler = stepsHandler(t.database)
    for (let jobs = 0; jobs < 102; jobs++) await queue(jobs === 0 ? 1 : 0)
    while (await workOnce(t.worker([handler]), going));
    const waiting = await queue()
    expect(await clearOnce(t)).toBe(false)
    expect(await t.jobs.list({}, undefined, 200)).toHaveLength(103)
    t.clock.advance(30 * 86_400_000)
    expect(await clearOnce(t)).toBe(true)
    expect(await t.jobs.list({}, undefined, 200)).toHaveLength(3)
    expect(await clearOnce(t)).toBe(false)
    expect((await t.jobs.list({}, undefined, 200)).map(({ id }) => id)).toEqual([waiting])
  })

  test('is listed newest first, by kind and state', async () => {
    const ids = [await queue(), await queue(), await queue()]
    await workOnce(t.worker([stepsHandler(t.database)]), going)
    const list = async (...[filter, before]: [Parameters<TestJobs['jobs']['list']>[0], number?]) => (await t.jobs.list(filter, before, 2)).map(({ id }) => id)
    expect(await list({})).toEqual([ids[2], ids[1]] as number[])
    expect(await list({}, ids[1])).toEqual([ids[0]] as number[])
    expect(await list({ state: 'done' })).toEqual([ids[0]] as number[])
    expect(await list({ kind: stepsKind.name, state: 'queued' }, ids[2])).toEqual([ids[1]] as number[])
    expect(await list({ kind: 'test.none' })).toEqual([])
    expect(await list({ kind: stepsKind.name })).toEqual([ids[2], ids[1]] as number[])
  })
})
