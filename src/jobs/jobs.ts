import type { Database, Outcome } from '../database/index.ts'
import type { EventActor } from '../record/index.ts'
import { isJobErrorCode, JobError } from './job-error.ts'
import { type AnyJobKind, checkPayload, JobFailure } from './job-kind.ts'
import { jobById, jobOf, jobPage, jobPageInState, jobPageOfKind, jobPageOfKindInState, lastEnd, linesAfter, runsUnderWay, type JobRow } from './job-store.ts'
import { cancelJob, queueJob, type QueuedJob } from './job-transactions.ts'
import type { Job, JobLine, JobState } from './job.ts'

export interface NewJob {
  /** The name of a kind. */
  readonly kind: string
  readonly payload: unknown
  readonly actor: EventActor | undefined
}

export interface JobFilter {
  readonly kind?: string | undefined
  readonly state?: JobState | undefined
}

/** Times are ms since the epoch, by the clock that all processes share. */
export interface Activity {
  readonly now: number
  /** Jobs that run. */
  readonly running: number
  /** When a job that had begun ended last; absent where none is known. */
  readonly lastEnd: number | undefined
}

/** Jobs, as those use them who want work done. Each change leaves its event, and fails with a JobError. */
export interface Jobs {
  readonly kinds: readonly AnyJobKind[]
  /** Queues a job, or answers with the one like it that has not ended. */
  queue(job: NewJob): Promise<QueuedJob>
  find(id: number): Promise<Job | undefined>
  /** Newest first, those below `before`, at most `limit` of them. */
  list(filter: JobFilter, before: number | undefined, limit: number): Promise<readonly Job[]>
  /** Lines of its log after one of them; older ones may be gone. */
  lines(id: number, after: number, limit: number): Promise<readonly JobLine[]>
  /** Whether anything works on jobs, as far as they tell. */
  activity(): Promise<Activity>
  /** Ends a job that waits, and asks one that runs to end. Answers the state it is in then. */
  cancel(id: number, actor: EventActor): Promise<JobState>
}

/** More than any id. */
const beyondAll = Number.MAX_SAFE_INTEGER

export function createJobs({ database, kinds }: { readonly database: Database; readonly kinds: readonly AnyJobKind[] }): Jobs {
  return Object.freeze<Jobs>({
    kinds,
    queue: async ({ kind: name, payload: given, actor }) => {
      const { kind, payload } = readJob(kinds, name, given)
      const { version, mostAttempts } = kind
      const dedupeKey = kind.dedupeKey?.(payload)
      const input = { kind: name, payloadVersion: version, payload: JSON.stringify(payload), dedupeKey, mostAttempts, delay: 0, actor }
      return resultOf(await database.transact(queueJob, input))
    },
    find: async (id) => {
      const row = await database.one(jobById, id)
      return row && jobOf(row)
    },
    list: async (filter, before = beyondAll, limit) => (await pageOf(database, filter, before, limit)).map(jobOf),
    lines: async (id, after, limit) => await database.all(linesAfter, id, after, limit),
    activity: async () => {
      const now = await database.now()
      const running = (await database.one(runsUnderWay, now))?.running ?? 0
      return { now, running, lastEnd: (await database.one(lastEnd))?.finished_at }
    },
    cancel: async (id, actor) => resultOf(await database.transact(cancelJob, { id, actor })),
  })
}

/** @throws JobError for what nobody could run */
export function readJob(kinds: readonly AnyJobKind[], name: string, given: unknown): { readonly kind: AnyJobKind; readonly payload: unknown } {
  const kind = kinds.find((each) => each.name === name)
  if (kind === undefined) throw new JobError('KIND_UNKNOWN', { field: 'kind', message: `there is no such kind of job; there are ${kinds.map((each) => each.name).join(', ')}` })
  try {
    return { kind, payload: checkPayload(kind, given) }
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error
    throw new JobError('PAYLOAD_INVALID', { field: 'payload', message: error.message })
  }
}

async function pageOf(database: Database, { kind, state }: JobFilter, before: number, limit: number): Promise<JobRow[]> {
  if (kind === undefined) return state === undefined ? await database.all(jobPage, before, limit) : await database.all(jobPageInState, before, limit, state)
  return state === undefined ? await database.all(jobPageOfKind, before, limit, kind) : await database.all(jobPageOfKindInState, before, limit, kind, state)
}

function resultOf<Result>(outcome: Outcome<Result>): Result {
  if ('ok' in outcome) return outcome.ok
  if (!isJobErrorCode(outcome.refused)) throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
  throw new JobError(outcome.refused)
}
