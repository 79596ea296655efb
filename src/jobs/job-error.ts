/** What can be wrong with what is asked of jobs and schedules. `status` is what HTTP answers. */
const table = {
  JOB_UNKNOWN: { status: 404, message: 'there is no such job' },
  JOB_OVER: { status: 409, message: 'the job has ended already' },
  KIND_UNKNOWN: { status: 422, message: 'there is no such kind of job' },
  SCHEDULE_UNKNOWN: { status: 404, message: 'there is no such schedule' },
  SCHEDULE_EXISTS: { status: 409, message: 'there is a schedule of that name already' },
  SCHEDULE_INVALID: { status: 422, message: 'the schedule can never run' },
  PAYLOAD_INVALID: { status: 422, message: 'the payload is not what this kind of job takes' },
} as const

export type JobErrorCode = keyof typeof table

/** A call that was refused, for a reason the caller can do something about. */
export class JobError extends Error {
  readonly code: JobErrorCode
  readonly status: number
  /** The member of the request that is to be corrected, where it is one. */
  readonly field: string | undefined

  constructor(code: JobErrorCode, { message, field }: { readonly message?: string; readonly field?: string } = {}) {
    super(message ?? table[code].message)
    this.name = 'JobError'
    this.code = code
    this.status = table[code].status
    this.field = field
  }
}

export function isJobErrorCode(text: string): text is JobErrorCode {
  return Object.hasOwn(table, text)
}
