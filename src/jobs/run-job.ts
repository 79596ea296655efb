import type { Database, Outcome } from '../database/index.ts'
import type { Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { type AnyJobHandler, checkPayload, JobFailure, type JobRun } from './job-kind.ts'
import { longestWait } from './job-transactions.ts'
import type { JobProgress, JobState } from './job.ts'
import { type ClaimedJob, endRun, releaseRun, renewRun, type RunEnd, type RunReport } from './run-transactions.ts'

export interface RunJobDeps {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** Ms for which a job is this worker's without a heartbeat. */
  readonly lease: number
}

/** Why a run is to end before it is done. */
export type Stop = 'cancelled' | 'drain' | 'lost'

/** The reason of the signal that a handler is given. */
export class RunStopped extends Error {
  readonly why: Stop

  constructor(why: Stop) {
    super({ cancelled: 'the job was cancelled', drain: 'the process ends', lost: 'the lease of the job was lost' }[why])
    this.name = 'RunStopped'
    this.why = why
  }
}

/** Beats in a lease: two may fail before a job is lost. */
const beatsOfLease = 3
/** After a beat that failed. */
const retryBeat = 1_000
/** A run that does not end although its process does is waited for no longer than so many ms. */
const patience = 15_000
/** What became of such a run: it goes on for as long as the process lives. */
const left = Symbol('left')

const lineLength = 500
const messageLength = 2_000
const jsonLength = 16 * 1024
/** Lines between two heartbeats that are kept. */
const pendingLines = 200

/**
 * Runs a job that was claimed to the end of the run, and answers what became of the job; nothing where the run was lost, or the
 * database could not be told. Never fails.
 * @param drain aborted when the process ends
 */
export async function runJob(claimed: ClaimedJob, handler: AnyJobHandler, drain: AbortSignal, deps: RunJobDeps): Promise<JobState | undefined> {
  const { clock, logger, lease } = deps
  const { run } = claimed
  const stop = new AbortController()
  const end = (why: Stop): void => stop.abort(new RunStopped(why))
  const onDrain = (): void => end('drain')
  if (drain.aborted) onDrain()
  else drain.addEventListener('abort', onDrain, { once: true })
  const notes = createNotes(claimed.lines, claimed.position)
  const over = new AbortController()
  const beating = keepBeating({ ...deps, notes, run, end }, over.signal)
  let ended: RunEnd | typeof left | undefined
  try {
    ended = await outcomeOf(claimed, handler, { signal: stop.signal, drain, notes, clock, logger })
  } finally {
    over.abort()
    drain.removeEventListener('abort', onDrain)
    await beating
  }
  const why = stop.signal.aborted ? (stop.signal.reason as RunStopped).why : undefined
  if (ended === left) {
    // Neither given back nor ended: until the lease is over, nobody begins it beside what still goes on here.
    logger.warn('a run of a job does not end with its process; another one takes the job once its lease is over', { job: run.job, kind: claimed.kind })
    return undefined
  }
  if (why === 'lost') {
    logger.warn('the lease of a job ended while it was run; another worker goes on with it', { job: run.job, kind: claimed.kind })
    return undefined
  }
  return await conclude(run, why, ended, notes, { ...deps, clock, lease })
}

interface Running extends Pick<RunJobDeps, 'clock' | 'logger'> {
  readonly signal: AbortSignal
  readonly drain: AbortSignal
  readonly notes: Notes
}

/** How the handler ended; nothing where it was stopped before it was done. */
async function outcomeOf(claimed: ClaimedJob, { kind, run }: AnyJobHandler, running: Running): Promise<RunEnd | typeof left | undefined> {
  const { signal, drain, notes, clock, logger } = running
  const { run: token, payloadVersion, payload: text } = claimed
  try {
    if (payloadVersion !== kind.version) {
      const message = `payload of version ${payloadVersion}: this program takes version ${kind.version} of ${kind.name}; queue the job again`
      throw new JobFailure('payload-outdated', message, { final: true })
    }
    const payload: unknown = checkPayload(kind, JSON.parse(text))
    const given: JobRun<unknown> = { payload, token, signal, position: notes.position, report: notes.report, log: notes.log, keep: notes.keep }
    const returned = await orPatience(run(given), drain, clock)
    if (returned === left) return left
    const result = JSON.stringify(returned ?? null)
    if (result.length > jsonLength) throw new JobFailure('result-too-large', `the result has ${result.length} characters; ${jsonLength} are kept`, { final: true })
    return { state: 'done', result }
  } catch (error) {
    return signal.aborted ? undefined : failureOf(error, claimed, logger)
  }
}

/** Waits for a handler to its end, whatever its signal says: a job is run by nobody else meanwhile. The end of the process waits less long. */
async function orPatience<T>(work: Promise<T>, drain: AbortSignal, clock: Clock): Promise<T | typeof left> {
  const done = new AbortController()
  const impatient = new Promise<typeof left>((resolve) => {
    const giveUp = (): void => void clock.sleep(patience, done.signal).then(() => resolve(left), () => undefined)
    if (drain.aborted) giveUp()
    else drain.addEventListener('abort', giveUp, { once: true, signal: done.signal })
  })
  try {
    return await Promise.race([work, impatient])
  } finally {
    done.abort()
  }
}

const firstPause = 5_000

/** Whoever may see jobs need not see what an error of the database or of the system names: its text goes to the log alone. */
function failureOf(error: unknown, { run: { job }, kind, attempt }: ClaimedJob, logger: Logger): RunEnd {
  const inside = new JobFailure('failed', `the run failed inside; the log of the server says why, under the job ${job}`)
  const { code, message, final } = error instanceof JobFailure ? error : inside
  logger.error('a run of a job failed', { job, kind, attempt, code, error })
  const retryIn = final ? undefined : Math.min(firstPause * 2 ** (attempt - 1), longestWait)
  return { state: 'failed', code, message: storable(message.slice(0, messageLength)), retryIn }
}

/** PostgreSQL takes no character 0, and halves of characters (what was cut may end with one) are kept by none as they are. */
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

/** What a handler tells between two heartbeats. */
interface Notes {
  readonly position: unknown
  readonly report: (progress: JobProgress) => void
  readonly log: (text: string) => void
  readonly keep: (position: unknown) => void
  /** What is to be written now. Nothing of it is forgotten until it is `written`. */
  pending(): RunReport
  written(report: RunReport): void
}

function createNotes(linesBefore: number, kept: string | null): Notes {
  let progress: JobProgress | undefined
  let position: string | undefined
  let firstLine = linesBefore + 1
  let lines: string[] = []
  return {
    position: kept === null ? undefined : (JSON.parse(kept) as unknown),
    report: (now) => void (progress = now),
    log: (text) => {
      lines.push(storable(text.slice(0, lineLength)))
      if (lines.length > pendingLines) firstLine += lines.splice(0, lines.length - pendingLines).length
    },
    keep: (next) => {
      const text = JSON.stringify(next)
      if (text.length > jsonLength) throw new JobFailure('position-too-large', `the position has ${text.length} characters; ${jsonLength} are kept`, { final: true })
      position = text
    },
    pending: () => ({ progress, position, firstLine, lines: [...lines] }),
    written: (report) => {
      const next = report.firstLine + report.lines.length
      lines = lines.slice(Math.max(next - firstLine, 0))
      firstLine = Math.max(next, firstLine)
    },
  }
}

interface Beating extends RunJobDeps {
  readonly notes: Notes
  readonly run: ClaimedJob['run']
  readonly end: (why: Stop) => void
}

/**
 * Keeps the lease until `over`. Once no renewal has succeeded for as long as the lease, the run counts as lost; that is looked at when one
 * has failed, so a database that is slow to fail is noticed late. What the run would write then is refused by its claim.
 */
async function keepBeating({ database, clock, logger, lease, notes, run, end }: Beating, over: AbortSignal): Promise<void> {
  let until = clock.monotonic() + lease
  let pause = lease / beatsOfLease
  for (;;) {
    await clock.sleep(pause, over).catch(() => undefined)
    if (over.aborted) return
    const asked = clock.monotonic()
    try {
      const report = notes.pending()
      const outcome = await database.transact(renewRun, { run, lease, report })
      if ('refused' in outcome) return end('lost')
      notes.written(report)
      until = asked + lease
      pause = lease / beatsOfLease
      if (outcome.ok.cancel) end('cancelled')
    } catch (error) {
      if (clock.monotonic() >= until) return end('lost')
      logger.warn('the lease of a job could not be renewed; it is tried again', { job: run.job, error })
      pause = Math.min(retryBeat, lease / beatsOfLease)
    }
  }
}

/** Tells the database how the run ended, for as long as the lease may stand. */
async function conclude(run: ClaimedJob['run'], why: Stop | undefined, ended: RunEnd | undefined, notes: Notes, deps: RunJobDeps): Promise<JobState | undefined> {
  const { clock, logger, lease } = deps
  const until = clock.monotonic() + lease
  const report = notes.pending()
  for (;;) {
    try {
      const outcome = await settle(run, why, ended, report, deps)
      return 'ok' in outcome ? outcome.ok : undefined
    } catch (error) {
      logger.warn('the end of a job could not be written', { job: run.job, error })
      if (clock.monotonic() >= until || why === 'drain') return undefined
      await clock.sleep(retryBeat)
    }
  }
}

async function settle(run: ClaimedJob['run'], why: Stop | undefined, ended: RunEnd | undefined, report: RunReport, { database }: RunJobDeps): Promise<Outcome<JobState>> {
  // Done in spite of the signal is done.
  if (ended !== undefined) return await database.transact(endRun, { run, end: ended, report })
  if (why === 'cancelled') return await database.transact(endRun, { run, end: { state: 'cancelled' }, report })
  const released = await database.transact(releaseRun, { run, report })
  return 'ok' in released ? { ok: 'queued' } : released
}
