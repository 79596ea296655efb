import type { Database } from '../database/index.ts'
import { repeat, type Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import type { AnyJobHandler } from './job-kind.ts'
import { dueJob, endOfOldest } from './job-store.ts'
import { bringJobsForward, clearJobs } from './job-transactions.ts'
import { runJob } from './run-job.ts'
import type { JobState } from './job.ts'
import { claimJob, type ClaimedJob, type EndedUnrun } from './run-transactions.ts'

export interface WorkerDeps {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly handlers: readonly AnyJobHandler[]
  /** Names this process, for people who look at a job. */
  readonly node: string
  /** Jobs run at a time. */
  readonly atOnce: number
  /** Ms. */
  readonly lease: number
  /** Told of each job that has ended here. */
  readonly onEnd?: (kind: string, state: JobState) => void
}

/** Ms between two looks for work. */
const lookEvery = 1_000
/** Where the database is away there is no hurry, and the log is not to fill up. */
const afterFailure = 10_000
const clearEvery = 600_000
/** Ms between two checks that the clock was not set back. */
const heedEvery = 600_000
/** Ended jobs are kept for so long, and no more than so many. */
const keptFor = 30 * 86_400_000
const mostKept = 10_000
const clearedAtOnce = 100

/**
 * Runs jobs until the returned function is called: that gives those under way back to the queue, and waits until they are.
 */
export function keepWorking(deps: WorkerDeps): () => Promise<void> {
  const { database, handlers, clock, logger } = deps
  const failed = (error: unknown): number => {
    logger.error('the queue of jobs could not be looked at; it is tried again', { error })
    return afterFailure
  }
  const work = async (drain: AbortSignal): Promise<number> => ((await workOnce(deps, drain)) ? 0 : lookEvery)
  const clear = async (): Promise<number> => ((await clearOnce(deps)) ? 0 : clearEvery)
  const heed = async (): Promise<number> => {
    await database.transact(bringJobsForward, { kinds: handlers.map(({ kind }) => kind.name) })
    return heedEvery
  }
  const lanes = Array.from({ length: deps.atOnce }, () => repeat({ clock, step: work, failed }))
  const stops = [...lanes, ...[clear, heed].map((step) => repeat({ clock, step, failed }))]
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** Runs one job that is due, or ends one that may not be run, if there is one; answers whether there was. */
export async function workOnce(deps: WorkerDeps, drain: AbortSignal): Promise<boolean> {
  const { logger } = deps
  const due = await findDue(deps)
  if (due === undefined) return false
  const claimed = await claim(deps, due.id)
  if (claimed === undefined) return false
  if ('ended' in claimed) {
    logger.warn('a job has ended without a run', { job: due.id, kind: due.handler.kind.name, state: claimed.ended })
    deps.onEnd?.(due.handler.kind.name, claimed.ended)
    return true
  }
  const about = { job: claimed.run.job, kind: claimed.kind }
  logger.info('a job begins', { ...about, attempt: claimed.attempt })
  const state = await runJob(claimed, due.handler, drain, deps)
  logger.info('a run of a job has ended', { ...about, state: state ?? 'lost' })
  if (state !== undefined && state !== 'queued') deps.onEnd?.(claimed.kind, state)
  return true
}

/** The one that has waited longest, of all kinds that this program can run. */
async function findDue({ database, handlers }: WorkerDeps): Promise<{ readonly id: number; readonly handler: AnyJobHandler } | undefined> {
  let first: { readonly id: number; readonly due_at: number; readonly handler: AnyJobHandler } | undefined
  // The time that leases are kept by: this machine's clock may be another one.
  const now = await database.now()
  for (const handler of handlers) {
    const { name, version } = handler.kind
    const due = await database.one(dueJob, name, now, version)
    if (due !== undefined && (first === undefined || due.due_at < first.due_at)) first = { ...due, handler }
  }
  return first
}

/** Nothing where another worker was faster. */
async function claim({ database, node, lease }: WorkerDeps, id: number): Promise<ClaimedJob | EndedUnrun | undefined> {
  const outcome = await database.transact(claimJob, { id, node, lease })
  if ('refused' in outcome) throw new Error(`a job can not be taken: ${outcome.refused}`)
  return outcome.ok ?? undefined
}

/** Removes a batch of jobs that ended long ago; answers whether there may be more. */
export async function clearOnce({ database }: Pick<WorkerDeps, 'database'>): Promise<boolean> {
  const surplus = await database.one(endOfOldest, mostKept)
  const endedBy = Math.max((await database.now()) - keptFor, surplus?.finished_at ?? 0)
  const outcome = await database.transact(clearJobs, { endedBy, most: clearedAtOnce })
  return 'ok' in outcome && outcome.ok === clearedAtOnce
}
