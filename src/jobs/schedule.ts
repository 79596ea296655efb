import type { CronTimes } from './cron.ts'

/** When a job is queued by itself. Times are ms since the epoch. */
export interface Schedule extends CronTimes {
  readonly id: number
  readonly name: string
  /** Of the job. */
  readonly kind: string
  readonly payloadVersion: number
  readonly payload: unknown
  readonly enabled: boolean
  /** Means nothing while it is not enabled. */
  readonly nextRunAt: number
  /** The time that was due when it queued a job last. */
  readonly lastRunAt: number | undefined
  readonly createdBy: string | undefined
  readonly createdAt: number
}
