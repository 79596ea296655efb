import type { Database, Outcome } from '../database/index.ts'
import type { EventActor } from '../record/index.ts'
import { type CronTimes, nextRun } from './cron.ts'
import { isJobErrorCode, JobError } from './job-error.ts'
import type { AnyJobKind } from './job-kind.ts'
import { readJob } from './jobs.ts'
import { scheduleByName, scheduleOf, schedulePage } from './schedule-store.ts'
import { changeSchedule, createSchedule, deleteSchedule, type ScheduleInput } from './schedule-transactions.ts'
import type { Schedule } from './schedule.ts'

export interface NewSchedule extends CronTimes {
  readonly name: string
  readonly kind: string
  readonly payload: unknown
  readonly enabled: boolean
}

/** Schedules, as whoever may change them asks for it. Each change leaves its event, and fails with a JobError for what can never run. */
export interface Schedules {
  create(schedule: NewSchedule, actor: EventActor): Promise<Schedule>
  /** The next run is found anew. Where `seen` is given, only what is still exactly that. */
  change(schedule: NewSchedule, actor: EventActor, seen?: Schedule): Promise<Schedule>
  remove(name: string, actor: EventActor, seen?: Schedule): Promise<void>
  find(name: string): Promise<Schedule | undefined>
  /** By their names, those after `last`. */
  list(last: string, limit: number): Promise<readonly Schedule[]>
}

export interface SchedulesDeps {
  readonly database: Database
  readonly kinds: readonly AnyJobKind[]
}

export function createSchedules({ database, kinds }: SchedulesDeps): Schedules {
  const inputOf = async ({ name, kind: kindName, payload: given, cron, timeZone, enabled }: NewSchedule, actor: EventActor): Promise<ScheduleInput> => {
    const { kind, payload } = readJob(kinds, kindName, given)
    const nextRunAt = nextRun({ cron, timeZone }, await database.now())
    return { name, kind: kindName, payloadVersion: kind.version, payload: JSON.stringify(payload), cron, timeZone, enabled, nextRunAt, actor }
  }
  const found = async (name: string): Promise<Schedule> => {
    const row = await database.one(scheduleByName, name)
    if (row === undefined) throw new JobError('SCHEDULE_UNKNOWN')
    return scheduleOf(row)
  }
  return Object.freeze<Schedules>({
    create: async (schedule, actor) => {
      check(await database.transact(createSchedule, await inputOf(schedule, actor)))
      return await found(schedule.name)
    },
    change: async (schedule, actor, seen) => {
      check(await database.transact(changeSchedule, { ...(await inputOf(schedule, actor)), seen }))
      return await found(schedule.name)
    },
    remove: async (name, actor, seen) => check(await database.transact(deleteSchedule, { name, actor, seen })),
    find: async (name) => {
      const row = await database.one(scheduleByName, name)
      return row && scheduleOf(row)
    },
    list: async (last, limit) => (await database.all(schedulePage, last, limit)).map(scheduleOf),
  })
}

function check(outcome: Outcome<null>): void {
  if ('ok' in outcome) return
  if (!isJobErrorCode(outcome.refused)) throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
  throw new JobError(outcome.refused)
}
