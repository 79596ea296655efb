import type { Database } from '../database/index.ts'
import { repeat, type Clock } from '../lib/index.ts'
import type { Logger } from '../observe/index.ts'
import { nextRun } from './cron.ts'
import type { AnyJobKind } from './job-kind.ts'
import { dueSchedules, farSchedules, type ScheduleRow } from './schedule-store.ts'
import { bringForward, fireSchedule } from './schedule-transactions.ts'

export interface SchedulingDeps {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  /** Schedules of other kinds are left to programs that know them. */
  readonly kinds: readonly AnyJobKind[]
}

/** Ms between two looks. */
const lookEvery = 1_000
const afterFailure = 10_000
/** Looks between two checks that the clock was not set back. */
const looksBetweenChecks = 60
const firedAtOnce = 50
const checkedAtOnce = 50
/** A clock that was set back by less does not run again what has run. */
const smallJump = 86_400_000

/** Queues the jobs of schedules when their time comes, until the returned function is called. Several processes may do so at once. */
export function keepScheduling(deps: SchedulingDeps): () => Promise<void> {
  const { clock, logger } = deps
  let looks = 0
  const step = async (stopped: AbortSignal): Promise<number> => {
    const heeded = looks++ % looksBetweenChecks !== 0 || (await heedClock(deps, stopped))
    const fired = await fireDue(deps, stopped)
    return heeded && fired ? lookEvery : afterFailure
  }
  const failed = (error: unknown): number => {
    logger.error('schedules could not be looked at; it is tried again', { error })
    return afterFailure
  }
  return repeat({ clock, step, failed })
}

/** What was due several times while nobody looked runs once. Answers whether all went well. */
export async function fireDue(deps: SchedulingDeps, stopped?: AbortSignal): Promise<boolean> {
  const { database, logger } = deps
  const now = await database.now()
  let isWell = true
  let last: ScheduleRow | undefined
  do {
    const rows = await database.all(dueSchedules, now, last?.next_run_at ?? 0, last?.id ?? 0, firedAtOnce)
    isWell = (await eachByItself(rows, logger, async (row) => await fire(row, now, deps))) && isWell
    // Those that stay due, since nobody here knows their kind, do not hold up the ones behind them.
    last = rows.length < firedAtOnce ? undefined : rows.at(-1)
  } while (last !== undefined && stopped?.aborted !== true)
  return isWell
}

async function fire(row: ScheduleRow, now: number, { database, logger, kinds }: SchedulingDeps): Promise<void> {
  const kind = kinds.find(({ name }) => name === row.kind)
  if (kind === undefined) return
  const next = runAfter(row, now)
  const dedupeKey = dedupeKeyOf(kind, row)
  const fired = await database.transact(fireSchedule, { id: row.id, due: row.next_run_at, next, dedupeKey, mostAttempts: kind.mostAttempts })
  if ('refused' in fired || fired.ok === null) return
  if (fired.ok.added) logger.info('a schedule has queued its job', { schedule: row.name, job: fired.ok.id })
  else logger.warn('a schedule was due while its last job had not ended: none was queued', { schedule: row.name, job: fired.ok.id })
}

/** One that can't be looked at does not hold up the others. */
async function eachByItself(rows: readonly ScheduleRow[], logger: Logger, look: (row: ScheduleRow) => Promise<unknown>): Promise<boolean> {
  let isWell = true
  for (const row of rows) {
    try {
      await look(row)
    } catch (error) {
      logger.error('a schedule could not be looked at; it is tried again', { schedule: row.name, error })
      isWell = false
    }
  }
  return isWell
}

/** A run that has not ended is not joined by a second one, whatever queued it. */
function dedupeKeyOf(kind: AnyJobKind, { id, payload, payload_version: version }: ScheduleRow): string {
  const own = `schedule ${id}`
  if (kind.dedupeKey === undefined || version !== kind.version) return own
  const checked = kind.payload.safeParse(JSON.parse(payload))
  return checked.success ? kind.dedupeKey(checked.data as unknown) : own
}

/** After a clock was set back, what was to run next by the old time is brought forward. Answers whether all went well. */
export async function heedClock({ database, clock, logger }: SchedulingDeps, stopped?: AbortSignal): Promise<boolean> {
  const now = await database.now()
  const heed = async (row: ScheduleRow): Promise<void> => {
    const next = runAfter(row, now)
    if (next < row.next_run_at) await database.transact(bringForward, { id: row.id, from: row.next_run_at, to: next })
  }
  let isWell = true
  let last: ScheduleRow | undefined
  do {
    const rows = await database.all(farSchedules, last?.next_run_at ?? Number.MAX_SAFE_INTEGER, last?.id ?? 0, checkedAtOnce)
    isWell = (await eachByItself(rows, logger, heed)) && isWell
    last = rows.length < checkedAtOnce ? undefined : rows.at(-1)
    // Requests have their turn: a next run may take a millisecond to find.
    await clock.sleep(0)
  } while (last !== undefined && stopped?.aborted !== true)
  return isWell
}

/** The next run after now, and after the last one that there was, unless that is in a future that the clock took back. */
function runAfter({ cron, time_zone: timeZone, last_run_at: last }: ScheduleRow, now: number): number {
  const after = last !== null && last > now && last - now < smallJump ? last : now
  return nextRun({ cron, timeZone }, after)
}
