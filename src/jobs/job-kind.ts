import type { JobProgress, RunToken } from './job.ts'

/** What is wrong with one member of a payload. */
interface PayloadIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** How a payload is checked, before it is queued and again before it is run. A zod schema is one. */
export interface PayloadSchema<Payload> {
  safeParse(value: unknown): { readonly success: true; readonly data: Payload } | { readonly success: false; readonly error: { readonly issues: readonly PayloadIssue[] } }
}

/** A kind of work. It says what can be asked for; who does it is in JobHandler. */
export interface JobKind<Payload = unknown> {
  /** `integrity.check` */
  readonly name: string
  /** Of the payload: one more whenever what was queued before can't be run any longer. */
  readonly version: number
  readonly payload: PayloadSchema<Payload>
  /** One sentence for people. */
  readonly summary: string
  /** Runs that may begin, the first one included. */
  readonly mostAttempts: number
  /** Jobs with the same key are one while it has not ended. Absent: each is a job of its own. */
  readonly dedupeKey?: (payload: Payload) => string
}

/** What a run has of the outside. */
export interface JobRun<Payload> {
  readonly payload: Payload
  readonly token: RunToken
  /** Aborted when it is to end: cancelled, the process ends, or the lease was lost. */
  readonly signal: AbortSignal
  /** What the run before kept; undefined at first. Plain JSON. */
  readonly position: unknown
  /** Shown from the next heartbeat on. */
  report(progress: JobProgress): void
  /** Appends a line to the log of the job. Long ones are cut. */
  log(text: string): void
  /** Kept by the next heartbeat, and when the run ends: where a later run goes on. What was done up to there is never to be done again. */
  keep(position: unknown): void
}

/** Who does the work of a kind. The result is plain JSON. */
export interface JobHandler<Payload = unknown> {
  readonly kind: JobKind<Payload>
  readonly run: (run: JobRun<Payload>) => Promise<unknown>
}

// A list holds handlers of any payload; the worker checks each payload with the schema of the same kind.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyJobHandler = JobHandler<any>
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyJobKind = JobKind<any>

/** A run failed for a reason that its job shows under a stable code. */
export class JobFailure extends Error {
  readonly code: string
  /** Another run would fail the same way. */
  readonly final: boolean

  constructor(code: string, message: string, { final = false, cause }: { readonly final?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause })
    this.name = 'JobFailure'
    this.code = code
    this.final = final
  }
}

/** @throws JobFailure `payload-invalid`, with the place and the reason */
export function checkPayload<Payload>(kind: JobKind<Payload>, value: unknown): Payload {
  const checked = kind.payload.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const place = `/${(issue?.path ?? []).map(String).join('/')}`
  throw new JobFailure('payload-invalid', `payload ${place}: ${issue?.message ?? 'is not valid'}`, { final: true })
}
