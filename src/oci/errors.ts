interface ErrorRow {
  readonly status: number
  /** The code on the wire where it differs: the specification's list of codes is closed, and clients know only that list. */
  readonly wire?: string
  /** For a person: what happened, and what to do next. Used when the thrower says nothing more exact. */
  readonly message: string
  /** Sent with every answer of this code. */
  readonly headers?: Readonly<Record<string, string>>
}

const rows = {
  BLOB_UNKNOWN: { status: 404, message: 'this repository has no blob with that digest; push it or check the digest' },
  BLOB_UPLOAD_INVALID: { status: 400, message: 'the upload cannot go on like this; ask for its status or start a new one' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: 'there is no such upload here: it ended, expired or never was; start a new one' },
  DIGEST_INVALID: { status: 400, message: 'the digest is malformed, not supported, or not that of the content sent' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, message: 'the manifest names content this repository does not have; push that first' },
  MANIFEST_INVALID: { status: 400, message: 'the manifest is not valid' },
  MANIFEST_TOO_LARGE: { status: 413, wire: 'MANIFEST_INVALID', message: 'the manifest is larger than this registry accepts' },
  MANIFEST_UNKNOWN: { status: 404, message: 'this repository has no such manifest; check the tag or digest' },
  NAME_INVALID: {
    status: 400,
    message: 'the repository name is not valid: lower-case letters, digits and single separators, parts divided by "/"',
  },
  NAME_UNKNOWN: { status: 404, message: 'there is no such repository; check the name or push to it first' },
  SIZE_INVALID: { status: 400, message: 'the length sent is not the length announced; send it again' },
  BODY_TIMEOUT: {
    status: 408,
    wire: 'SIZE_INVALID',
    message: 'nothing more of the body came for too long; send it again, or go on with the upload from where its status says it is',
    headers: { connection: 'close' },
  },
  TAG_INVALID: { status: 400, message: 'the tag is not valid: up to 128 letters, digits, "_", "." and "-"' },
  TAGS_TOO_MANY: { status: 414, wire: 'TAG_INVALID', message: 'the address names too many tags; send fewer with one manifest' },
  UNAUTHORIZED: { status: 401, message: 'log in first: this needs valid credentials' },
  DENIED: { status: 403, message: 'you may not do this; ask an administrator of the project for the right to' },
  UNSUPPORTED: { status: 405, message: 'this registry does not support that operation' },
  METHOD_NOT_ALLOWED: { status: 405, wire: 'UNSUPPORTED', message: 'this address does not support that method' },
  ROUTE_UNKNOWN: { status: 404, wire: 'UNSUPPORTED', message: 'nothing is at this address; the registry API is under /v2/' },
  TRASH_UNKNOWN: { status: 404, wire: 'UNSUPPORTED', message: 'nothing of that number is in the trash that you may see: it was restored or purged, or never there' },
  TAG_EXISTS: { status: 409, wire: 'DENIED', message: 'there is a tag of that name; delete it, or leave what is in the trash there' },
  MANIFEST_IN_TRASH: { status: 409, wire: 'DENIED', message: 'what the tag names is in the trash itself; restore that first' },
  REPOSITORY_IN_TRASH: { status: 409, wire: 'DENIED', message: 'the repository that it was deleted from is in the trash itself; restore that first' },
  PROJECT_IN_TRASH: { status: 409, wire: 'DENIED', message: 'the project that it was deleted from is in the trash itself; restore that first' },
  TAG_UNKNOWN_THEN: { status: 404, wire: 'MANIFEST_UNKNOWN', message: 'there was no such tag then; its history says when there was' },
  MANIFEST_GONE: { status: 409, wire: 'MANIFEST_UNKNOWN', message: 'the repository has no such manifest: it is gone, or was never there; push it, then the tag can point at it' },
  PRECONDITION_FAILED: {
    status: 412,
    wire: 'DENIED',
    message: 'nothing was changed: what is there now is not what If-Match or If-None-Match asks for; look again and decide anew',
  },
  REQUEST_INVALID: { status: 400, wire: 'UNSUPPORTED', message: 'the request is malformed' },
  CODING_UNSUPPORTED: {
    status: 415,
    wire: 'UNSUPPORTED',
    message: 'a body with a Content-Encoding is not accepted: send the bytes that the digest names, without that header',
  },
  PRECONDITION_INVALID: { status: 400, wire: 'UNSUPPORTED', message: 'If-Match or If-None-Match is not valid' },
  RANGE_INVALID: {
    status: 416,
    wire: 'BLOB_UPLOAD_INVALID',
    message: 'the range does not fit; ask for the present status and go on from there',
  },
  PAGINATION_NUMBER_INVALID: { status: 400, message: 'n must be a whole number, zero or more' },
  TOOMANYREQUESTS: { status: 429, message: 'too many requests; wait and try again', headers: { 'retry-after': '5' } },
  UNKNOWN: { status: 500, message: 'the registry failed inside; its log says more under the id of this request' },
  UNAVAILABLE: { status: 503, message: 'the registry cannot answer just now; try again soon', headers: { 'retry-after': '5' } },
  STORAGE_FULL: {
    status: 507,
    wire: 'UNAVAILABLE',
    message: 'the registry cannot store anything just now: its storage is full or read-only; an administrator must make room',
    headers: { 'retry-after': '30' },
  },
} as const satisfies Record<string, ErrorRow>

/** Every way in which a registry call can fail: what modules throw and compare. */
export type ErrorCode = keyof typeof rows

/** Code to HTTP status, default message, code on the wire and headers (distribution-spec, "Error Codes"). */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = Object.freeze(rows)

/** One of several things that are wrong, such as one missing child of a manifest. */
export interface ErrorEntry {
  readonly detail: unknown
  readonly message?: string | undefined
}

export interface RegistryErrorOptions {
  /** For a person: what happened, why, what to do next. Goes to the client, so it names nothing internal. */
  readonly message?: string | undefined
  /** Any JSON value for machines. Goes to the client. */
  readonly detail?: unknown
  /** What led here. Goes to the log only. */
  readonly cause?: unknown
  /** Headers the answer needs, named in lower case. They win over those of the table. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** When there are several things to report under one code: one error of the answer each. */
  readonly entries?: readonly ErrorEntry[] | undefined
}

/** The one error that the registry's modules throw on purpose; the HTTP layer turns it into an answer. */
export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly detail: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly entries: readonly ErrorEntry[]

  constructor(code: ErrorCode, options: RegistryErrorOptions = {}) {
    const row = errorTable[code]
    super(options.message ?? row.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RegistryError'
    this.code = code
    this.detail = options.detail
    this.headers = { ...row.headers, ...options.headers }
    this.entries = options.entries ?? []
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return errorTable[this.code].status
  }
}

/** The OCI error document (distribution-spec, "Error Codes"). An absent `detail` disappears when it is written as JSON. */
export interface ErrorBody {
  readonly errors: readonly { readonly code: string; readonly message: string; readonly detail?: unknown }[]
}

/** The body of the answer to a failed call. */
export function errorBody(error: RegistryError): ErrorBody {
  const code = errorTable[error.code].wire ?? error.code
  if (error.entries.length === 0) return { errors: [{ code, message: error.message, detail: error.detail }] }
  return { errors: error.entries.map((entry) => ({ code, message: entry.message ?? error.message, detail: entry.detail })) }
}
