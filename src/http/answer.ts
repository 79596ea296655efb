import { errorBody, type RegistryError } from '../oci/index.ts'

export type AnswerBody = Uint8Array<ArrayBuffer> | string | Blob | ReadableStream<Uint8Array> | null

/** What a handler answers with; the pipeline adds the headers that every answer has and makes a Response of it. */
export interface Answer {
  readonly status: number
  /** Named in lower case. Not shared: the pipeline adds to it. */
  readonly headers: Record<string, string>
  readonly body: AnswerBody
  /** Bytes of the body, or of the body that GET would have had. */
  readonly length: number
  /** Nobody knows how long the body will be: it is sent in chunks, and counts as nothing. */
  readonly goesOn?: true
  /** The error answered with, for the log. */
  readonly code?: string
}

export function emptyAnswer(status: number, headers: Record<string, string>): Answer {
  return { status, headers, body: null, length: 0 }
}

/** `contentType` goes out as it is: no charset is added, since clients compare it. */
export function textAnswer(status: number, contentType: string, body: string, headers: Record<string, string>): Answer {
  headers['content-type'] = contentType
  return { status, headers, body, length: Buffer.byteLength(body) }
}

/** The OCI JSON of an error (distribution-spec, "Error Codes"); nothing may keep a copy of it. */
export function errorAnswer(error: RegistryError, status: number = error.status): Answer {
  const headers = { ...error.headers, 'cache-control': 'no-store' }
  return { ...textAnswer(status, 'application/json', JSON.stringify(errorBody(error)), headers), code: error.code }
}
