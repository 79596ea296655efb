import { statement, transaction, type Outcome, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import type { JobState } from './job.ts'

/** What people and other rooms do with jobs: each leaves its event. What a run does is in run-transactions.ts. */

// The insert decides: of two with one key the second waits here, and then inserts nothing.
const insert = statement<{ id: number }>(`
  insert into job (kind, payload_version, payload, dedupe_key, due_at, most_attempts, schedule, created_by, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (kind, dedupe_key) where finished_at is null do nothing returning id`)
// Locked: that it has not ended is still so when this commits.
const unfinished = statement<{ id: number }>(`
  select id from job where kind = $1 and dedupe_key = $2 and finished_at is null for update`)

export interface QueueJobInput {
  readonly kind: string
  readonly payloadVersion: number
  /** JSON, checked. */
  readonly payload: string
  readonly dedupeKey: string | undefined
  readonly mostAttempts: number
  /** Ms from now. */
  readonly delay: number
  readonly schedule?: string | undefined
  readonly actor: EventActor | undefined
}

export interface QueuedJob {
  readonly id: number
  /** False where one with the same key had not ended: it is that one. */
  readonly added: boolean
}

export const queueJob = transaction('queue job', async (tx: Tx, input: QueueJobInput): Promise<Outcome<QueuedJob>> => {
  const { actor, kind, schedule } = input
  const queued = await insertJob(tx, input)
  const keys = { id: queued.id, kind, payload: input.payload, added: queued.added, schedule }
  return await record(tx, { kind: 'job.queue', actor, repositoryId: undefined, keys }, queued)
})

export async function insertJob(tx: Tx, input: QueueJobInput): Promise<QueuedJob> {
  const { kind, payloadVersion, payload, dedupeKey = null, mostAttempts, delay, schedule = null, actor } = input
  const by = actor?.identity ?? null
  for (;;) {
    const made = await tx.one(insert, kind, payloadVersion, payload, dedupeKey, tx.now + delay, mostAttempts, schedule, by, tx.now)
    if (made !== undefined) return { id: made.id, added: true }
    const present = await tx.one(unfinished, kind, dedupeKey)
    if (present !== undefined) return { id: present.id, added: false }
    // On PostgreSQL it has ended in between: the key is free.
  }
}

interface Cancelled {
  readonly state: JobState
  readonly due_at: number
  readonly kind: string
}

const lock = statement<Cancelled>(`select state, due_at, kind from job where id = $1 for update`)
const request = statement(`update job set cancel_requested = 1 where id = $1`)
const cancel = statement(`
  update job set state = 'cancelled', cancel_requested = 1, claim = null, node = null, finished_at = $2 where id = $1`)

export interface CancelJobInput {
  readonly id: number
  readonly actor: EventActor
}

/**
 * Ends a job that waits, or whose run lost its lease, and asks a run to end. Answers the state it is in then: `running` ends with the next
 * heartbeat of its worker.
 */
export const cancelJob = transaction('cancel job', async (tx: Tx, { id, actor }: CancelJobInput): Promise<Outcome<JobState>> => {
  const job = await tx.one(lock, id)
  if (job === undefined) return { refused: 'JOB_UNKNOWN' }
  const { state: before, kind } = job
  if (before !== 'queued' && before !== 'running') return { refused: 'JOB_OVER', detail: { state: before } }
  const runs = before === 'running' && job.due_at > tx.now
  if (runs) await tx.run(request, id)
  else await tx.run(cancel, id, tx.now)
  const after: JobState = runs ? 'running' : 'cancelled'
  const keys = { id, kind, before: { state: before }, after: { state: after, cancelRequested: true } }
  return await record(tx, { kind: 'job.cancel', actor, repositoryId: undefined, keys }, after)
})

// One below the other in the index of ends: whatever else the table holds.
const oldest = statement<{ id: number }>(`
  select id from job where finished_at is not null and finished_at <= $1 order by finished_at, id limit $2 for update skip locked`)
const removeLines = statement(`delete from job_line where job_id = $1`)
const remove = statement(`delete from job where id = $1`)

export interface ClearJobsInput {
  /** Jobs that ended by then go. Ms since the epoch. */
  readonly endedBy: number
  readonly most: number
}

/** Removes jobs that ended long ago, the oldest first; answers how many. */
export const clearJobs = transaction('clear jobs', async (tx: Tx, { endedBy, most }: ClearJobsInput): Promise<Outcome<number>> => {
  const jobs = await tx.all(oldest, endedBy, most)
  for (const { id } of jobs) {
    await tx.run(removeLines, id)
    await tx.run(remove, id)
  }
  return { ok: jobs.length }
})

/** Ms: no job waits for longer once it is queued, and no lease lasts longer. */
export const longestWait = 3_600_000

const bringQueued = statement(`update job set due_at = $2 where kind = $1 and finished_at is null and state = 'queued' and due_at > $3`)
// Not due at once: it may be run, and then its next heartbeat says until when.
const bringRunning = statement(`update job set due_at = $2 where kind = $1 and finished_at is null and state = 'running' and due_at > $2`)

/** After the clock was set back: what was due by the old time, and would wait for that to come again, waits no longer than it ever would. */
export const bringJobsForward = transaction('bring jobs forward', async (tx: Tx, { kinds }: { readonly kinds: readonly string[] }): Promise<Outcome<null>> => {
  for (const kind of kinds) {
    await tx.run(bringQueued, kind, tx.now, tx.now + longestWait)
    await tx.run(bringRunning, kind, tx.now + longestWait)
  }
  return { ok: null }
})
