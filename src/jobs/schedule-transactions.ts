import { isDeepStrictEqual } from 'node:util'
import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { insertJob, type QueuedJob } from './job-transactions.ts'
import { type ScheduleRow, scheduleColumns, scheduleOf } from './schedule-store.ts'
import type { Schedule } from './schedule.ts'

/** What people do with schedules, and what a schedule does when its time has come. */

export interface ScheduleInput {
  readonly name: string
  readonly kind: string
  readonly payloadVersion: number
  /** JSON, checked. */
  readonly payload: string
  readonly cron: string
  readonly timeZone: string
  readonly enabled: boolean
  readonly nextRunAt: number
  readonly actor: EventActor
}

/** What whoever changes a schedule believes it to be; absent where that is all the same to them. */
interface Seen {
  readonly seen: Schedule | undefined
}

const insert = statement<{ id: number }>(`
  insert into schedule (name, kind, payload_version, payload, cron, time_zone, enabled, next_run_at, created_by, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (name) do nothing returning id`)

/** What a reader of the events wants to know of a schedule. */
const shown = ({ kind, payload, cron, timeZone, enabled }: Pick<ScheduleInput, 'kind' | 'payload' | 'cron' | 'timeZone' | 'enabled'>) => ({ kind, payload, cron, timeZone, enabled })
const shownRow = (row: ScheduleRow) => shown({ ...row, timeZone: row.time_zone, enabled: row.enabled === 1 })

export const createSchedule = transaction('create schedule', async (tx: Tx, input: ScheduleInput): Promise<Outcome<null>> => {
  const { name, kind, payloadVersion, payload, cron, timeZone, enabled, nextRunAt, actor } = input
  const values = [name, kind, payloadVersion, payload, cron, timeZone, enabled ? 1 : 0, nextRunAt, actor.identity ?? null, tx.now]
  if ((await tx.one(insert, ...values)) === undefined) return { refused: 'SCHEDULE_EXISTS' }
  return await record(tx, { kind: 'schedule.create', actor, repositoryId: undefined, keys: { name, before: null, after: shown(input) } }, null)
})

const absent: Refusal = Object.freeze({ refused: 'SCHEDULE_UNKNOWN' })
const lock = statement<ScheduleRow>(`select ${scheduleColumns} from schedule where name = $1 for update`)
const change = statement(`
  update schedule set kind = $2, payload_version = $3, payload = $4, cron = $5, time_zone = $6, enabled = $7, next_run_at = $8 where name = $1`)

const another: Refusal = Object.freeze({ refused: 'PRECONDITION_FAILED' })
const isAnother = (row: ScheduleRow, seen: Schedule | undefined): boolean => seen !== undefined && !isDeepStrictEqual(scheduleOf(row), seen)

export interface ChangeScheduleInput extends ScheduleInput, Seen {}

/** Puts another one in the place of a schedule, under its name. */
export const changeSchedule = transaction('change schedule', async (tx: Tx, input: ChangeScheduleInput): Promise<Outcome<null>> => {
  const { name, kind, payloadVersion, payload, cron, timeZone, enabled, nextRunAt, actor, seen } = input
  const row = await tx.one(lock, name)
  if (row === undefined) return absent
  if (isAnother(row, seen)) return another
  await tx.run(change, name, kind, payloadVersion, payload, cron, timeZone, enabled ? 1 : 0, nextRunAt)
  const keys = { name, before: shownRow(row), after: shown(input) }
  return await record(tx, { kind: 'schedule.update', actor, repositoryId: undefined, keys }, null)
})

const remove = statement('delete from schedule where name = $1')

export interface DeleteScheduleInput extends Seen {
  readonly name: string
  readonly actor: EventActor
}

/** Jobs that it queued stay. */
export const deleteSchedule = transaction('delete schedule', async (tx: Tx, { name, actor, seen }: DeleteScheduleInput): Promise<Outcome<null>> => {
  const row = await tx.one(lock, name)
  if (row === undefined) return absent
  if (isAnother(row, seen)) return another
  await tx.run(remove, name)
  return await record(tx, { kind: 'schedule.delete', actor, repositoryId: undefined, keys: { name, before: shownRow(row), after: null } }, null)
})

// One of several processes moves the time: the others find another one.
const moveOn = statement<ScheduleRow>(`
  update schedule set next_run_at = $3, last_run_at = $2 where id = $1 and next_run_at = $2 and enabled = 1 returning ${scheduleColumns}`)

export interface FireScheduleInput {
  readonly id: number
  /** The time that has come. */
  readonly due: number
  readonly next: number
  readonly dedupeKey: string
  readonly mostAttempts: number
}

/** Queues the job of a schedule whose time has come, once for all processes that see it come. Answers nothing when another one did. */
export const fireSchedule = transaction('fire schedule', async (tx: Tx, input: FireScheduleInput): Promise<Outcome<QueuedJob | null>> => {
  const { id, due, next, dedupeKey, mostAttempts } = input
  const row = await tx.one(moveOn, id, due, next)
  if (row === undefined) return { ok: null }
  const { name, kind, payload, payload_version: payloadVersion } = row
  const queued = await insertJob(tx, { kind, payloadVersion, payload, dedupeKey, mostAttempts, delay: 0, schedule: name, actor: undefined })
  const keys = { name, id: queued.id, added: queued.added }
  return await record(tx, { kind: 'schedule.fire', actor: undefined, repositoryId: undefined, keys }, queued)
})

const bring = statement('update schedule set next_run_at = $3 where id = $1 and next_run_at = $2 and enabled = 1')

/** Brings the next run of a schedule forward, after the clock was set back. */
export const bringForward = transaction('bring schedule forward', async (tx: Tx, { id, from, to }: { readonly id: number; readonly from: number; readonly to: number }): Promise<Outcome<null>> => {
  await tx.run(bring, id, from, to)
  return { ok: null }
})
