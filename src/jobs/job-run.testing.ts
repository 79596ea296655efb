import type { Database } from '../database/index.ts'
import type { JobRun } from './index.ts'
import { queueJob } from './job-transactions.ts'
import { claimJob } from './run-transactions.ts'

/** A run that nobody cancels, of which only what `parts` name is watched. */
export function testRun<Payload>(payload: Payload, parts: Partial<JobRun<Payload>> = {}): JobRun<Payload> {
  return {
    payload,
    token: { job: 1, claim: 'here' },
    signal: new AbortController().signal,
    position: undefined,
    report: () => undefined,
    log: () => undefined,
    keep: () => undefined,
    ...parts,
  }
}

/** A run that may write, for an hour: of a job of its own. */
export async function claimedRun<Payload>(database: Database, payload: Payload, parts: Partial<JobRun<Payload>> = {}): Promise<JobRun<Payload>> {
  const job = { kind: 'test.run', payloadVersion: 1, payload: JSON.stringify(payload), dedupeKey: undefined, mostAttempts: 1, delay: 0, actor: undefined }
  const queued = await database.transact(queueJob, job)
  const claimed = 'ok' in queued ? await database.transact(claimJob, { id: queued.ok.id, node: 'here', lease: 3_600_000 }) : queued
  if (!('ok' in claimed) || claimed.ok === null || 'ended' in claimed.ok) throw new Error('the run could not begin')
  return { ...testRun(payload, parts), token: claimed.ok.run }
}
