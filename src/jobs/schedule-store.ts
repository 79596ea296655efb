import { statement } from '../database/index.ts'
import type { Schedule } from './schedule.ts'

export interface ScheduleRow {
  readonly id: number
  readonly name: string
  readonly kind: string
  readonly payload_version: number
  readonly payload: string
  readonly cron: string
  readonly time_zone: string
  readonly enabled: number
  readonly next_run_at: number
  readonly last_run_at: number | null
  readonly created_by: string | null
  readonly created_at: number
}

export const scheduleColumns = 'id, name, kind, payload_version, payload, cron, time_zone, enabled, next_run_at, last_run_at, created_by, created_at'

export const scheduleByName = statement<ScheduleRow>(`select ${scheduleColumns} from schedule where name = $1`)
export const schedulePage = statement<ScheduleRow>(`select ${scheduleColumns} from schedule where name > $1 order by name limit $2`)
/** Those after one of them, which may be none. */
export const dueSchedules = statement<ScheduleRow>(`
  select ${scheduleColumns} from schedule where enabled = 1 and next_run_at <= $1 and (next_run_at, id) > ($2, $3)
  order by next_run_at, id limit $4`)
/** Those that run last, first: where a clock was set back, the ones that would wait for it. Those before one of them, which may be none. */
export const farSchedules = statement<ScheduleRow>(`
  select ${scheduleColumns} from schedule where enabled = 1 and (next_run_at, id) < ($1, $2)
  order by next_run_at desc, id desc limit $3`)

export function scheduleOf(row: ScheduleRow): Schedule {
  const { id, name, kind, cron } = row
  return {
    id,
    name,
    kind,
    payloadVersion: row.payload_version,
    payload: JSON.parse(row.payload) as unknown,
    cron,
    timeZone: row.time_zone,
    enabled: row.enabled === 1,
    nextRunAt: row.next_run_at,
    lastRunAt: row.last_run_at ?? undefined,
    createdBy: row.created_by ?? undefined,
    createdAt: row.created_at,
  }
}
