/** `queued`: waits for its time, or for a worker. The last three are ends. */
export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export const jobStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const satisfies readonly JobState[]

/** How far a run is, in words and numbers of its kind. */
export interface JobProgress {
  readonly done: number
  /** Absent where nobody knows yet. */
  readonly total?: number | undefined
  /** What is counted: `objects`, `bytes`. */
  readonly unit: string
  /** What is being done now. */
  readonly note?: string | undefined
}

/** Work that outlives the process that does it. Times are ms since the epoch. */
export interface Job {
  readonly id: number
  readonly kind: string
  readonly payloadVersion: number
  readonly payload: unknown
  readonly state: JobState
  /** When it may begin; of a running one the end of its lease, which its worker keeps putting off. */
  readonly dueAt: number
  /** Runs that were begun. */
  readonly attempt: number
  readonly mostAttempts: number
  /** The process that runs it. */
  readonly node: string | undefined
  readonly cancelRequested: boolean
  readonly progress: JobProgress | undefined
  /** Lines that its log ever had; the newest of them are kept. */
  readonly lines: number
  readonly result: unknown
  /** Of the last run that failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined
  /** The schedule that queued it. */
  readonly schedule: string | undefined
  readonly createdBy: string | undefined
  readonly createdAt: number
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
}

export interface JobLine {
  readonly number: number
  readonly at: number
  readonly text: string
}

/**
 * The right to write for a job: of the run that took it last, until its lease ends. Whatever a run does in a named transaction of
 * its own begins with `holdRun`, so that a run that was taken for dead and goes on changes nothing any more.
 */
export interface RunToken {
  readonly job: number
  readonly claim: string
}
