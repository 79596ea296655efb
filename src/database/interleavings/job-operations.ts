import { makeEffect } from '../../jobs/make-effect.testing.ts'
import { operation, operationOf, type Operation } from './operation.ts'
import { actor, now, type State } from './rows.ts'

const here: readonly State[] = ['jobs wait and run']
const described = { subject: 'job', states: here }
const report = { firstLine: 1, lines: ['so far'], progress: { done: 1, unit: 'steps' } }
const tokens = { runs: { job: 2, claim: 'runs' }, lost: { job: 3, claim: 'lost' } } as const
const queued = { kind: 'test', payloadVersion: 1, payload: '{}', mostAttempts: 3, delay: 0, actor }
type Token = (typeof tokens)[keyof typeof tokens]
const endOf = (token: Token) => ({ run: token, report, end: { state: 'done', result: '{}' } })
const failureOf = (token: Token) => ({ run: token, report, end: { state: 'failed', code: 'failed', message: 'no', retryIn: 5_000 } })
const schedule = { kind: 'test', payloadVersion: 1, payload: '{}', cron: '0 4 * * *', timeZone: 'UTC', enabled: true, nextRunAt: now + 2000, actor }
/** As it is in `rows.ts`. */
const seen = {
  id: 1,
  name: 'nightly',
  kind: 'test',
  payloadVersion: 1,
  payload: {},
  enabled: true,
  cron: '0 2 * * *',
  timeZone: 'UTC',
  nextRunAt: now - 1,
  lastRunAt: undefined,
  createdBy: undefined,
  createdAt: 0,
}
const never = () => false

/** What is asked of jobs, and what their runs write. */
export const jobOperations: readonly Operation[] = [
  operation('queue job', {
    subject: 'job',
    transaction: 'queue job',
    input: () => ({ ...queued, dedupeKey: 'new' }),
    // With what is no job too: they have no rows in common.
    states: [...here, 'a manifest refers to the layer'],
  }),
  operation('queue a job like one that runs', { ...described, transaction: 'queue job', input: () => ({ ...queued, dedupeKey: 'runs' }) }),
  operation('queue a job like one that waits', { ...described, transaction: 'queue job', input: () => ({ ...queued, dedupeKey: 'waits' }) }),
  operation('claim job', {
    ...described,
    transaction: 'claim job',
    input: (side) => ({ id: 1, node: `node ${side}`, lease: 30_000 }),
    records: never,
  }),
  operation('claim lost job', {
    ...described,
    transaction: 'claim job',
    input: (side) => ({ id: 3, node: `node ${side}`, lease: 30_000 }),
    records: never,
  }),
  operation('renew run', { ...described, transaction: 'renew job run', input: () => ({ run: tokens.runs, lease: 30_000, report }), records: never }),
  operation('renew lost run', { ...described, transaction: 'renew job run', input: () => ({ run: tokens.lost, lease: 30_000, report }), records: never }),
  operation('end run', { ...described, transaction: 'end job run', input: () => endOf(tokens.runs), promises: ['job 2 is done'] }),
  operation('fail run', { ...described, transaction: 'end job run', input: () => failureOf(tokens.runs) }),
  operation('end lost run', { ...described, transaction: 'end job run', input: () => endOf(tokens.lost) }),
  operation('release run', { ...described, transaction: 'release job run', input: () => ({ run: tokens.runs, report }) }),
  operationOf('make effect', makeEffect, { ...described, input: () => ({ run: tokens.runs }) }),
  operationOf('make effect of lost run', makeEffect, {
    ...described,
    input: () => ({ run: tokens.lost }),
    promises: ['the run that was lost has no effect'],
  }),
  operation('cancel job that waits', { ...described, transaction: 'cancel job', input: () => ({ id: 1, actor }) }),
  operation('cancel job that runs', {
    ...described,
    transaction: 'cancel job',
    input: () => ({ id: 2, actor }),
    promises: ['job 2 is cancelled or asked to end'],
  }),
  operation('cancel lost job', { ...described, transaction: 'cancel job', input: () => ({ id: 3, actor }), promises: ['job 3 is cancelled or asked to end'] }),
  operation('bring jobs forward', { ...described, transaction: 'bring jobs forward', input: () => ({ kinds: ['test'] }), records: never }),
  operation('clear jobs', { ...described, transaction: 'clear jobs', input: () => ({ endedBy: now - 1, most: 10 }), records: never }),
  operation('create schedule', { ...described, transaction: 'create schedule', input: () => ({ ...schedule, name: 'weekly' }) }),
  operation('change schedule', { ...described, transaction: 'change schedule', input: () => ({ ...schedule, name: 'nightly' }) }),
  operation('change schedule that was seen', { ...described, transaction: 'change schedule', input: () => ({ ...schedule, name: 'nightly', seen }) }),
  operation('delete schedule', { ...described, transaction: 'delete schedule', input: () => ({ name: 'nightly', actor }) }),
  operation('delete schedule that was seen', { ...described, transaction: 'delete schedule', input: () => ({ name: 'nightly', actor, seen }) }),
  operation('fire schedule', {
    ...described,
    transaction: 'fire schedule',
    input: () => ({ id: 1, due: now - 1, next: now + 1000, dedupeKey: 'schedule 1', mostAttempts: 3 }),
    records: (queued) => queued !== null,
  }),
  operation('fire schedule whose last job waits', {
    ...described,
    transaction: 'fire schedule',
    input: () => ({ id: 1, due: now - 1, next: now + 1000, dedupeKey: 'waits', mostAttempts: 3 }),
    records: (queued) => queued !== null,
  }),
  operation('bring schedule forward', {
    ...described,
    transaction: 'bring schedule forward',
    input: () => ({ id: 1, from: now - 1, to: now - 2 }),
    records: never,
  }),
]
