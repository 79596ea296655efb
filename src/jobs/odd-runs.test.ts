import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { JobFailure, type JobRun } from './job-kind.ts'
import { workOnce } from './keep-working.ts'
import { actor, createTestJobs, stepsKind, type StepsPayload, type TestJobs } from './test-jobs.testing.ts'

forEachDatabase('a handler that does what nobody expects', (kind) => {
  let t: TestJobs
  const going = new AbortController().signal
  beforeEach(async () => {
    t = await createTestJobs(kind)
  })
  afterEach(() => t.dispose())

  async function run(work: (run: JobRun<StepsPayload>) => unknown) {
    const { id } = await t.jobs.queue({ kind: stepsKind.name, payload: { steps: 1 }, actor })
    const handler = { kind: { ...stepsKind, mostAttempts: 1 }, run: async (given: JobRun<StepsPayload>) => await Promise.resolve(work(given)) }
    expect(await workOnce(t.worker([handler]), going)).toBe(true)
    return { job: await t.jobs.find(id), lines: await t.jobs.lines(id, 0, 1000) }
  }
  const thrown = (what: unknown) => () => {
    throw what
  }
  const circle: { self?: unknown } = {}
  circle.self = circle
  const hostile = {
    toJSON: thrown(new Error('no JSON')),
    toString: thrown(new Error('no string')),
    get message() {
      throw new Error('no message')
    },
  }

  test.each<[string, (run: JobRun<StepsPayload>) => unknown]>([
    ['throws nothing', thrown(undefined)],
    ['throws null', thrown(null)],
    ['throws a text', thrown('it went wrong')],
    ['throws a symbol', thrown(Symbol('wrong'))],
    ['throws what has no prototype', thrown(Object.create(null))],
    ['throws what cannot be shown', thrown(hostile)],
    ['throws a circle', thrown(circle)],
    ['answers with a circle', () => circle],
    ['answers with a big integer', () => ({ size: 1n })],
    ['answers with what cannot be shown', () => hostile],
    ['keeps a circle', ({ keep }) => keep(circle)],
  ])('%s: its run fails, and the log has why', async (_, work) => {
    const { job } = await run(work)
    expect(job).toMatchObject({ state: 'queued', error: { code: 'failed' } })
  })

  test('says what no database takes: it is told without that', async () => {
    const { job, lines } = await run(({ log, report, keep }) => {
      log('a\u0000b')
      log(`${'x'.repeat(499)}\u{1f433}`)
      log('\ud83d alone')
      report({ done: 1, unit: 'u\u0000', note: '\udc33' })
      keep({ at: 'k\u0000' })
      throw new JobFailure('odd', 'c\u0000d', { final: true })
    })
    expect(lines.map(({ text }) => text)).toEqual(['a\ufffdb', `${'x'.repeat(499)}\ufffd`, '\ufffd alone'])
    expect(job).toMatchObject({ state: 'failed', error: { code: 'odd', message: 'c\ufffdd' }, progress: { done: 1 } })
  })

  test('logs gigabytes: the newest lines are kept, each cut, and it does not take longer than it has to', async () => {
    const megabyte = 'y'.repeat(1024 * 1024)
    const { job, lines } = await run(({ log }) => {
      for (let line = 1; line <= 20_000; line++) log(`${line} ${megabyte}`)
      return {}
    })
    expect(job).toMatchObject({ state: 'done', lines: 20_000 })
    expect([lines.length, lines[0]?.number, lines.at(-1)?.text.length]).toEqual([200, 19_801, 500])
  }, 20_000)
})
