import { Cron } from 'croner'
import { JobError } from './job-error.ts'

/** When a schedule runs: five fields of cron (minute, hour, day of month, month, day of week) in a time zone of the IANA. */
export interface CronTimes {
  readonly cron: string
  readonly timeZone: string
}

/** `?` would mean the moment at which the text is read. */
const fiveFields = /^[A-Za-z0-9*,/#-]{1,40}( [A-Za-z0-9*,/#-]{1,40}){4}$/

/**
 * The first time after a moment, both in ms since the epoch. A time that clocks skip when summer begins runs at the end of the gap; one that
 * comes twice when it ends runs the first time.
 * @throws JobError for what can never run, with the member that is wrong
 */
export function nextRun({ cron, timeZone }: CronTimes, after: number): number {
  if (!isTimeZone(timeZone)) throw invalid('timeZone', 'is no time zone; write one of the IANA, such as UTC or Europe/Berlin')
  if (!fiveFields.test(cron)) throw invalid('cron', 'must be five fields divided by single spaces: minute, hour, day of month, month, day of week')
  const next = read(cron, timeZone).nextRun(new Date(after))
  if (next === null) throw invalid('cron', 'never comes: no date is like that')
  return next.getTime()
}

function read(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, mode: '5-part', paused: true })
  } catch (error) {
    throw invalid('cron', error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error))
  }
}

function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z0-9_+/-]{1,64}$/.test(text) || /^[+-]/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

function invalid(field: 'cron' | 'timeZone', what: string): JobError {
  return new JobError('SCHEDULE_INVALID', { field, message: `${field} ${what}` })
}
