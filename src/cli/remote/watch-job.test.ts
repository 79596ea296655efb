import { expect, test } from 'bun:test'
import type { Client, Job } from '../../client/index.ts'
import { JobUndone, watchJob } from './watch-job.ts'

const job = (more: Partial<Job>): Job => ({ id: '7', kind: 'k', state: 'running', payload: {}, attempt: 1, mostAttempts: 3, dueAt: '', cancelRequested: false, createdAt: '', ...more })
const counted = (done: number, note: string) => ({ done, total: 4, unit: 'rows', note })

/** Looks at a job that is each of these in turn, with lines that come between them. */
async function watch(looks: readonly Job[], isTerminal: boolean): Promise<{ readonly said: string; readonly ended: Job | Error }> {
  const lines = [[{ number: 1, at: '', text: 'one \u001b[2J' }], [], [{ number: 2, at: '', text: 'two' }]]
  let said = ''
  let at = -1
  const asked: unknown[] = []
  const client = {
    call: (id: string, { query }: { readonly query?: unknown }) => {
      if (id === 'getJob') return Promise.resolve(looks[++at])
      asked.push(query)
      return Promise.resolve({ items: lines[at] ?? [] })
    },
  } as unknown as Client
  const say = (text: string): void => void (said += text)
  const ended = await watchJob(client, '7', { isTerminal, say, pause: () => Promise.resolve() }).catch((error: unknown) => error as Error)
  expect(asked.at(-1)).toEqual({ limit: 200, after: at > 2 ? 2 : 1 })
  return { said, ended }
}

const looks = [job({ progress: counted(1, 'first') }), job({ progress: counted(1, 'first') }), job({ progress: counted(3, 'second') }), job({ state: 'done', finishedAt: 'x' })]

test('where nobody looks, each change of a job is a line', async () => {
  const { said, ended } = await watch(looks, false)
  expect(said).toBe('one ?[2J\nrunning 1/4 rows first\ntwo\nrunning 3/4 rows second\ndone\n')
  expect(ended).toMatchObject({ state: 'done' })
})

test('on a terminal the last line is written over, and the log stays above it', async () => {
  const { said } = await watch(looks, true)
  const over = '\r\x1b[K'
  expect(said.split(over)).toEqual(['', 'one ?[2J\n', 'running 1/4 rows first', 'running 1/4 rows first', 'two\n', 'running 3/4 rows second', 'done\n'])
})

test('a job that is not done in the end is a failure with its reason', async () => {
  const { ended } = await watch([job({}), job({}), job({ state: 'failed', finishedAt: 'x', error: { code: 'no-room', message: 'there is no room' } })], false)
  expect(ended).toBeInstanceOf(JobUndone)
  expect((ended as Error).message).toBe('no-room: there is no room')
})

test('what a job waits for is told', async () => {
  const { said } = await watch([job({ state: 'queued', waitsFor: 'a program' }), job({ cancelRequested: true }), job({ state: 'cancelled', finishedAt: 'x' })], false)
  expect(said).toContain('queued waits for a program\ncancelling\n')
})
