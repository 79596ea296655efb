import { CodedError, type ErrorCase } from '../lib/index.ts'

/** What can be wrong with what is asked of jobs and schedules. `status` is what HTTP answers. */
const table = {
  JOB_UNKNOWN: { status: 404, message: 'there is no such job' },
  JOB_OVER: { status: 409, message: 'the job has ended already' },
  KIND_UNKNOWN: { status: 422, message: 'there is no such kind of job' },
  SCHEDULE_UNKNOWN: { status: 404, message: 'there is no such schedule' },
  SCHEDULE_EXISTS: { status: 409, message: 'there is a schedule of that name already' },
  PRECONDITION_FAILED: { status: 412, message: 'nothing was changed: the schedule is not what If-Match asks for; look again and decide anew' },
  SCHEDULE_INVALID: { status: 422, message: 'the schedule can never run' },
  PAYLOAD_INVALID: { status: 422, message: 'the payload is not what this kind of job takes' },
} as const

export type JobErrorCode = keyof typeof table

/** A call that was refused, for a reason the caller can do something about. */
export class JobError extends CodedError<JobErrorCode> {
  constructor(code: JobErrorCode, details: ErrorCase = {}) {
    super('JobError', code, table[code], details)
  }
}

export function isJobErrorCode(text: string): text is JobErrorCode {
  return Object.hasOwn(table, text)
}
