import { expect, test } from 'bun:test'
import { type Job, ServerProblem, Unreachable } from '../../client/index.ts'
import { createSay } from '../messages.ts'
import { describeFailure } from './failure.ts'
import { JobUndone } from './watch-job.ts'

const hostile = '\u001b]0;title\u0007\u001b[2J\rberth: done\n\u202e\u009b1A'
const job: Job = { id: '7', kind: 'k', state: 'failed', payload: {}, attempt: 1, mostAttempts: 3, dueAt: '', cancelRequested: false, createdAt: '', error: { code: 'failed', message: hostile } }
const problem = new ServerProblem(422, 'rejected', hostile, [{ at: `/${hostile}`, message: `${hostile} at length` }])

test.each([
  ['the message of a job', new JobUndone(job), 1],
  ['a problem and what is wrong with each member', problem, 2],
  ['why a server is not reached', new Unreachable(hostile), 1],
])('%s that a server sends moves no cursor and forges no line', (_, error, lines) => {
  const { text } = describeFailure(error, 'http://registry.test', createSay('en'))
  expect(text).toContain('?]0;title??[2J?berth: done??')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(text.split('\n')).toHaveLength(lines + 1)
})

test('where the one fault is the whole story it is told once', () => {
  const twice = new ServerProblem(409, 'manifest-gone', 'it is gone', [{ at: '/to', message: 'it is gone' }])
  expect(describeFailure(twice, 'http://registry.test', createSay('en')).text).toBe('berth: /to: it is gone\n')
})
