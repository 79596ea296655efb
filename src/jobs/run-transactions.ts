import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { record } from '../record/index.ts'
import type { JobProgress, JobState, RunToken } from './job.ts'

/**
 * What a run of a job writes. Every statement names the claim: whoever took the job last, and only until the lease ends. The claim is the
 * id of the operation that took it, so that a claim whose reply was lost is found again.
 */

interface ClaimableRow {
  readonly kind: string
  readonly payload_version: number
  readonly payload: string
  readonly attempt: number
  readonly most_attempts: number
  readonly cancel_requested: number
  readonly position: string | null
  readonly lines: number
  readonly claim: string | null
}

const claimable = statement<ClaimableRow>(`
  select kind, payload_version, payload, attempt, most_attempts, cancel_requested, position, lines, claim from job
  where id = $1 and finished_at is null and (due_at <= $2 or claim = $3) for update`)
const take = statement(`
  update job set state = 'running', claim = $2, node = $3, due_at = $4, attempt = attempt + 1, started_at = coalesce(started_at, $5)
  where id = $1`)
const end = statement(`
  update job set state = $2, result = $3, error_code = $4, error_message = $5, finished_at = $6, claim = null, node = null where id = $1`)

export interface ClaimJobInput {
  readonly id: number
  /** Names the process, for people. */
  readonly node: string
  /** Ms. */
  readonly lease: number
}

/** A run that may begin. */
export interface ClaimedJob {
  readonly run: RunToken
  readonly kind: string
  readonly payloadVersion: number
  /** JSON. */
  readonly payload: string
  /** Which run it is, from 1 on. */
  readonly attempt: number
  /** What the run before kept, as JSON. */
  readonly position: string | null
  /** Lines that its log has had. */
  readonly lines: number
}

/** A job that was cancelled, or has no run left: it ended when it was to be taken. */
export interface EndedUnrun {
  readonly ended: 'cancelled' | 'failed'
}

/** Too many runs were begun and none of them ended: their workers were killed, or stood still. */
const abandoned = { code: 'abandoned', message: 'every run of it was broken off: its worker was killed, or did not answer for longer than the lease' }

/** Takes a job that is due. Answers nothing when another one was faster; ends a job that was cancelled or has no run left. */
export const claimJob = transaction('claim job', async (tx: Tx, { id, node, lease }: ClaimJobInput): Promise<Outcome<ClaimedJob | EndedUnrun | null>> => {
  const found = await tx.one(claimable, id, tx.now, tx.operationId)
  if (found === undefined) return { ok: null }
  // Taken by this operation before, whose reply was lost.
  if (found.claim === tx.operationId) return { ok: claimedOf(tx, id, found, found.attempt) }
  if (found.cancel_requested === 1) return await endUnrun(tx, id, found.kind, 'cancelled')
  if (found.attempt >= found.most_attempts) return await endUnrun(tx, id, found.kind, 'failed')
  await tx.run(take, id, tx.operationId, node, tx.now + lease, tx.now)
  return { ok: claimedOf(tx, id, found, found.attempt + 1) }
})

function claimedOf({ operationId: claim }: Tx, job: number, row: ClaimableRow, attempt: number): ClaimedJob {
  const { kind, payload_version: payloadVersion, payload, position, lines } = row
  return { run: { job, claim }, kind, payloadVersion, payload, attempt, position, lines }
}

async function endUnrun(tx: Tx, id: number, kind: string, state: EndedUnrun['ended']): Promise<Outcome<EndedUnrun>> {
  const { code, message } = state === 'failed' ? abandoned : { code: null, message: null }
  await tx.run(end, id, state, null, code, message, tx.now)
  return await record(tx, { kind: 'job.end', actor: undefined, repositoryId: undefined, keys: { id, kind, state, code } }, { ended: state })
}

/** The run is nobody's any more: another worker took the job, or may take it at any moment. */
const lost: Refusal = Object.freeze({ refused: 'JOB_RUN_LOST' })

interface Held {
  readonly kind: string
  readonly attempt: number
  readonly most_attempts: number
  readonly cancel_requested: number
}

const held = statement<Held>(`
  select kind, attempt, most_attempts, cancel_requested from job
  where id = $1 and claim = $2 and finished_at is null and due_at > $3 for update`)

/**
 * What a transaction of a handler begins with: holds the job's row, so that nobody takes it before this commits, or answers with
 * the refusal to end with. A run that kept a position before is asked for it first: what was done up to there is done.
 */
export async function holdRun(tx: Tx, { job, claim }: RunToken): Promise<Refusal | undefined> {
  return (await tx.one(held, job, claim, tx.now)) === undefined ? lost : undefined
}

const movePosition = statement(`update job set position = $3 where id = $1 and claim = $2`)

/** In the transaction of an effect: the effect and that it has been made are committed together, so no later run makes it again. */
export async function keepPosition(tx: Tx, { job, claim }: RunToken, position: unknown): Promise<void> {
  await tx.run(movePosition, job, claim, JSON.stringify(position))
}

/** What a run tells of itself. Members that are absent stay as they are. */
export interface RunReport {
  readonly progress?: JobProgress | undefined
  /** JSON. */
  readonly position?: string | undefined
  /** New lines of the log, in their order; the first one has this number. */
  readonly firstLine: number
  readonly lines: readonly string[]
}

/** Lines of a job that are kept. */
export const mostLines = 200

const tell = statement(`
  update job set progress = coalesce($2, progress), position = coalesce($3, position), lines = $4 where id = $1`)
const addLine = statement(`insert into job_line (job_id, number, at, text) values ($1, $2, $3, $4) on conflict (job_id, number) do nothing`)
const dropLines = statement(`delete from job_line where job_id = $1 and number <= $2`)

async function write(tx: Tx, job: number, { progress, position, firstLine, lines }: RunReport): Promise<void> {
  const last = firstLine + lines.length - 1
  await tx.run(tell, job, progress === undefined ? null : JSON.stringify(progress), position ?? null, last)
  for (const [at, text] of lines.entries()) await tx.run(addLine, job, firstLine + at, tx.now, text)
  if (lines.length > 0 && last > mostLines) await tx.run(dropLines, job, last - mostLines)
}

const putOff = statement(`update job set due_at = $2 where id = $1`)

export interface RenewRunInput {
  readonly run: RunToken
  /** Ms from now on. */
  readonly lease: number
  readonly report: RunReport
}

/** The heartbeat: keeps the lease, writes what the run tells, and answers whether it is to end. */
export const renewRun = transaction('renew job run', async (tx: Tx, { run, lease, report }: RenewRunInput): Promise<Outcome<{ cancel: boolean }>> => {
  const job = await tx.one(held, run.job, run.claim, tx.now)
  if (job === undefined) return lost
  await tx.run(putOff, run.job, tx.now + lease)
  await write(tx, run.job, report)
  return { ok: { cancel: job.cancel_requested === 1 } }
})

/** How a run ended. A failure with `retryIn` is tried again so many ms later, while there are runs left. */
export type RunEnd =
  | { readonly state: 'done'; readonly result: string }
  | { readonly state: 'failed'; readonly code: string; readonly message: string; readonly retryIn: number | undefined }
  | { readonly state: 'cancelled' }

export interface EndRunInput {
  readonly run: RunToken
  readonly end: RunEnd
  readonly report: RunReport
}

const retry = statement(`
  update job set state = 'queued', due_at = $2, error_code = $3, error_message = $4, claim = null, node = null where id = $1`)

/** Ends a run, with its job unless that is to be tried again. Answers the state of the job. */
export const endRun = transaction('end job run', async (tx: Tx, input: EndRunInput): Promise<Outcome<JobState>> => {
  const { run, end: ended, report } = input
  const job = await tx.one(held, run.job, run.claim, tx.now)
  if (job === undefined) return lost
  await write(tx, run.job, report)
  const state = await settle(tx, run.job, job, ended)
  const keys = { id: run.job, kind: job.kind, state, code: ended.state === 'failed' ? ended.code : undefined }
  return await record(tx, { kind: 'job.end', actor: undefined, repositoryId: undefined, keys }, state)
})

async function settle(tx: Tx, id: number, job: Held, ended: RunEnd): Promise<JobState> {
  if (ended.state !== 'failed') {
    await tx.run(end, id, ended.state, ended.state === 'done' ? ended.result : null, null, null, tx.now)
    return ended.state
  }
  const { code, message, retryIn } = ended
  if (job.cancel_requested === 0 && retryIn !== undefined && job.attempt < job.most_attempts) {
    await tx.run(retry, id, tx.now + retryIn, code, message)
    return 'queued'
  }
  await tx.run(end, id, 'failed', null, code, message, tx.now)
  return 'failed'
}

const giveBack = statement(`
  update job set state = 'queued', due_at = $2, attempt = attempt - 1, claim = null, node = null where id = $1`)

export interface ReleaseRunInput {
  readonly run: RunToken
  readonly report: RunReport
}

/** Puts a job back whose process ends: the run does not count, and another worker may take it at once. */
export const releaseRun = transaction('release job run', async (tx: Tx, { run, report }: ReleaseRunInput): Promise<Outcome<null>> => {
  const job = await tx.one(held, run.job, run.claim, tx.now)
  if (job === undefined) return lost
  await write(tx, run.job, report)
  await tx.run(giveBack, run.job, tx.now)
  return await record(tx, { kind: 'job.release', actor: undefined, repositoryId: undefined, keys: { id: run.job, kind: job.kind } }, null)
})
