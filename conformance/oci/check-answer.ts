import { counts, type Level } from '../checks/level.ts'
import type { Answer } from './answer.ts'

/** The codes of the specification, and the three that Berth needs beside them. */
const codes = new Set(
  [
    'BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID MANIFEST_UNKNOWN',
    'NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS',
    'TAG_INVALID PAGINATION_NUMBER_INVALID UNAVAILABLE',
  ].flatMap((line) => line.split(' ')),
)

/**
 * What holds for every answer of the registry API, of any registry or of Berth.
 * @throws Error that names what does not
 */
export function checkAnswer(method: string, path: string, answer: Answer, level: Level): void {
  const problems = [...problemsOfAny(method, answer)]
  if (counts('berth', level)) {
    problems.push(...headerProblems(answer), ...lengthProblems(method, answer), ...errorProblems(method, answer))
  }
  if (problems.length === 0) return
  const body = new TextDecoder().decode(answer.bytes.subarray(0, 1000))
  const what = `${method} ${path.slice(0, 200)}: ${answer.status}`
  throw new Error(`${what}: ${problems.join('; ')}\n${JSON.stringify(answer.headers)}\n${body}`)
}

/** distribution-spec, "Error Codes": an error may have any body, but one in JSON has this form. */
function* problemsOfAny(method: string, { status, headers, bytes }: Answer): Generator<string> {
  if (status >= 500) yield 'the server failed'
  if (method === 'HEAD' && bytes.length > 0) yield 'HEAD was answered with a body'
  if (status < 400 || method === 'HEAD' || headers.get('content-type')?.startsWith('application/json') !== true) return
  const { errors } = JSON.parse(new TextDecoder().decode(bytes)) as { errors?: { code?: unknown }[] }
  if (!Array.isArray(errors)) yield 'the error has no list of errors'
  else if (errors.some(({ code }) => !/^[A-Z_]+$/.test(String(code)))) yield 'a code is not of capital letters and underscores'
}

function* headerProblems({ headers }: Answer): Generator<string> {
  if (headers.get('docker-distribution-api-version') !== 'registry/2.0') yield 'docker manifest wants the API version'
  if (headers.get('x-content-type-options') !== 'nosniff') yield 'X-Content-Type-Options is missing'
  if (headers.has('content-encoding')) yield 'Content-Encoding breaks ranges and digests'
  const parameters = headers.get('content-type')?.includes(';') === true
  if (parameters && !isMultipart(headers)) yield 'clients compare Content-Type without parameters'
  if (!headers.has('cache-control')) yield 'Cache-Control is missing'
  const location = headers.get('location')
  if (location !== null && !location.startsWith('/v2/')) yield 'Location is not path-absolute'
  if (headers.get('link')?.startsWith('</v2/') === false) yield 'Link is not path-absolute'
}

function* lengthProblems(method: string, { status, headers, bytes }: Answer): Generator<string> {
  const length = headers.get('content-length')
  if (status === 204 || status === 304) {
    if (bytes.length > 0) yield 'there is a body'
    if (status === 204 && length !== null) yield 'there is a Content-Length'
  } else if (length === null) {
    // Several parts come one after the other, chunked.
    if (!isMultipart(headers)) yield 'Content-Length is missing'
  } else if (method !== 'HEAD' && Number(length) !== bytes.length) yield 'Content-Length is not the length'
}

function isMultipart(headers: Headers): boolean {
  return /^multipart\/byteranges; boundary=[A-Za-z0-9]{1,70}$/.test(headers.get('content-type') ?? '')
}

function* errorProblems(method: string, { status, headers, bytes }: Answer): Generator<string> {
  if (status < 400) return
  if (headers.get('cache-control') !== 'no-store') yield 'an error may be cached'
  if (headers.get('content-type') !== 'application/json') yield 'the error is not JSON'
  if (method === 'HEAD') return
  const document = JSON.parse(new TextDecoder().decode(bytes)) as { errors: { code: string; message: string }[] }
  if (document.errors.length === 0) yield 'there is no error in the document'
  for (const { code, message } of document.errors) {
    if (!codes.has(code)) yield `the code ${code} is none of the specification's`
    if (message.length < 10) yield 'the message says too little'
  }
}
