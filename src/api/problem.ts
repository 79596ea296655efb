import { STATUS_CODES } from 'node:http'

/** Stable codes of what the management API refuses, each with its status and what it says when the thrower says nothing more exact. */
const rows = {
  malformed: { status: 400, detail: 'the request is not what this operation takes' },
  'cursor-invalid': { status: 400, detail: 'the cursor is not one that this list gave; begin again without it' },
  unauthenticated: { status: 401, detail: 'log in first: this needs valid credentials' },
  'credentials-invalid': { status: 401, detail: 'the user name or the secret is wrong, has ended or was revoked' },
  'password-change-required': { status: 403, detail: 'choose a new password first: nothing else is allowed until then' },
  forbidden: { status: 403, detail: 'you may not do this' },
  'cross-site': { status: 403, detail: 'another site may not do this in the name of whoever visits it' },
  'not-found': { status: 404, detail: 'there is no such thing, or you may not see it' },
  'method-not-allowed': { status: 405, detail: 'this address does not support that method' },
  conflict: { status: 409, detail: 'what is there now does not allow this' },
  'precondition-failed': { status: 412, detail: 'nothing was changed: it is not what If-Match asks for; look again and decide anew' },
  'body-too-large': { status: 413, detail: 'the body is larger than this operation takes' },
  'body-not-json': { status: 415, detail: 'send the body as application/json' },
  rejected: { status: 422, detail: 'this is understood and cannot be taken' },
  'too-many-attempts': { status: 429, detail: 'too many failed attempts; wait and try again' },
  failed: { status: 500, detail: 'the server failed inside; its log says more under the id of this request' },
  unavailable: { status: 503, detail: 'the server cannot answer just now; try again soon' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly detail: string }>>

export type ProblemCode = keyof typeof rows

export interface ProblemOptions {
  /** What happened and what to do next, for a person. */
  readonly detail?: string | undefined
  /** What is wrong with single members of the request. */
  readonly errors?: readonly FieldError[] | undefined
  /** Sent with the answer, named in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

export interface FieldError {
  /** A JSON pointer into the body, or the name of a parameter. */
  readonly at: string
  readonly message: string
}

/** A refusal as RFC 9457 writes it. */
export class Problem extends Error {
  /** One of the table, or one of the room whose refusal it is: `last-admin`. */
  readonly code: string
  readonly status: number
  readonly errors: readonly FieldError[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode | { readonly code: string; readonly status: number }, options: ProblemOptions = {}) {
    const row = typeof code === 'string' ? { code, ...rows[code] } : { detail: '', ...code }
    super(options.detail ?? row.detail, { cause: options.cause })
    this.name = 'Problem'
    this.code = row.code
    this.status = row.status
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }
}

/** How the rooms behind the routes refuse: an error with a code and the status that HTTP answers. */
interface Refusal extends Error {
  readonly code: string
  readonly status: number
  /** The member of the request that is to be corrected. */
  readonly field?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal as a problem: `LAST_ADMIN` becomes `last-admin`. Absent for what is a fault of ours. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (!isRefusal(error)) return undefined
  const { code, status, message, field, headers = {} } = error
  if (status === 404) return new Problem('not-found', { cause: error })
  const errors = field === undefined ? undefined : [{ at: `/${field}`, message }]
  return new Problem({ code: code.toLowerCase().replaceAll('_', '-'), status }, { detail: message, errors, headers, cause: error })
}

function isRefusal(error: unknown): error is Refusal {
  if (!(error instanceof Error) || !('status' in error) || !('code' in error)) return false
  return typeof error.code === 'string' && error.code !== 'UNKNOWN' && typeof error.status === 'number' && error.status >= 400
}

/** The document of RFC 9457. `type` is `about:blank`, whose title is the status; what programs tell problems apart by is `code`. */
export interface ProblemDocument {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly FieldError[]
  /** The id of the request, under which the log has more. */
  readonly request?: string
}

/**
 * A 404 carries no request id in its body: what is absent and what may not be seen are told in the same bytes. The header has it.
 */
export function problemDocument({ status, code, message, errors }: Problem, id: string): ProblemDocument {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    ...(errors === undefined ? {} : { errors }),
    ...(status === 404 ? {} : { request: id }),
  }
}
