import { statement } from '../database/index.ts'
import type { Job, JobLine, JobProgress, JobState } from './job.ts'

/** Jobs, as those read them who look. */

export interface JobRow {
  readonly id: number
  readonly kind: string
  readonly payload_version: number
  readonly payload: string
  readonly state: JobState
  readonly due_at: number
  readonly attempt: number
  readonly most_attempts: number
  readonly node: string | null
  readonly cancel_requested: number
  readonly position: string | null
  readonly progress: string | null
  readonly lines: number
  readonly result: string | null
  readonly error_code: string | null
  readonly error_message: string | null
  readonly schedule: string | null
  readonly created_by: string | null
  readonly created_at: number
  readonly started_at: number | null
  readonly finished_at: number | null
}

const columns = `id, kind, payload_version, payload, state, due_at, attempt, most_attempts, node, cancel_requested, position, progress,
  lines, result, error_code, error_message, schedule, created_by, created_at, started_at, finished_at`

export const jobById = statement<JobRow>(`select ${columns} from job where id = $1`)

/** Newest first, those below an id. */
const page = (where: string, limit: string) => statement<JobRow>(`select ${columns} from job where ${where}id < $1 order by id desc limit ${limit}`)
export const jobPage = page('', '$2')
export const jobPageOfKind = page('kind = $3 and ', '$2')
export const jobPageInState = page('state = $3 and ', '$2')
export const jobPageOfKindInState = page('kind = $3 and state = $4 and ', '$2')

export const linesAfter = statement<JobLine>(`select number, at, text from job_line where job_id = $1 and number > $2 order by number limit $3`)

/** The job of a kind that has waited longest, or whose run lost its lease, and whose payload this program can know. */
export const dueJob = statement<{ id: number; due_at: number }>(`
  select id, due_at from job where kind = $1 and finished_at is null and due_at <= $2 and payload_version <= $3 order by due_at, id limit 1`)

/** As many as are looked at, for their number. */
export const jobsInState = statement<{ id: number }>(`select id from job where kind = $1 and state = $2 order by id limit $3`)

/** Of those that have not ended; a run that goes on is due when its lease ends. */
export const firstDue = statement<{ due_at: number }>(`
  select due_at from job where kind = $1 and finished_at is null order by due_at, id limit 1`)

/** Runs whose lease stands. */
export const runsUnderWay = statement<{ running: number }>(`select count(*) as running from job where state = 'running' and due_at > $1`)
/** The last end of a job that a process had begun. */
export const lastEnd = statement<{ finished_at: number }>(`
  select finished_at from job where finished_at is not null and started_at is not null order by finished_at desc, id desc limit 1`)

/** So many ended jobs are kept: the end of the one after them, if there is one. */
export const endOfOldest = statement<{ finished_at: number }>(`
  select finished_at from job where finished_at is not null order by finished_at desc, id desc limit 1 offset $1`)

export function jobOf(row: JobRow): Job {
  const { id, kind, state, attempt, lines } = row
  return {
    id,
    kind,
    payloadVersion: row.payload_version,
    payload: JSON.parse(row.payload) as unknown,
    state,
    dueAt: row.due_at,
    attempt,
    mostAttempts: row.most_attempts,
    node: row.node ?? undefined,
    cancelRequested: row.cancel_requested === 1,
    progress: row.progress === null ? undefined : (JSON.parse(row.progress) as JobProgress),
    lines,
    result: row.result === null ? undefined : (JSON.parse(row.result) as unknown),
    error: row.error_code === null ? undefined : { code: row.error_code, message: row.error_message ?? '' },
    schedule: row.schedule ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
  }
}
