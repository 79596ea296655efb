import type { RawAnswer } from './raw-answers.ts'

/** The codes of the specification, and what Berth needs beside them. */
const codes = new Set(
  [
    'BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID MANIFEST_UNKNOWN',
    'NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS',
    'TAG_INVALID PAGINATION_NUMBER_INVALID',
  ].flatMap((line) => line.split(' ')),
)

/** Of a stack, of a file of ours, of a page. */
const leaks = /\n\s+at |\.ts\b|node_modules|berth-|\/(tmp|home|root|data|src)\/|<!doctype|<html/i

/**
 * In short what an answer says: `404 NAME_UNKNOWN`, `200`, or `400 bare` for what the runtime answers by itself to what it
 * takes for no request: no body, and the connection closed.
 * @throws Error that names what no answer may be
 */
export function verdictOn(answer: RawAnswer, method: string): string {
  const { status, headers, body } = answer
  if (isBare(answer)) return `${status} bare`
  const problems: string[] = []
  if (status >= 500) problems.push('the server failed')
  if (headers.get('x-content-type-options') !== 'nosniff') problems.push('X-Content-Type-Options is missing')
  if (headers.get('docker-distribution-api-version') !== 'registry/2.0') problems.push('the API version is missing')
  if (headers.has('content-encoding')) problems.push('it has a Content-Encoding')
  if (/html|xml|script/i.test(headers.get('content-type') ?? '')) problems.push('a browser would act on it')
  if (status >= 400) problems.push(...errorProblems(answer, method))
  const seen = `${status} ${JSON.stringify([...headers])} ${body.slice(0, 500)}`
  if (problems.length > 0) throw new Error(`${problems.join('; ')}: ${seen}`)
  return status >= 400 && method !== 'HEAD' ? `${status} ${codesOf(body).join(' ')}` : String(status)
}

/** Whether the runtime answered by itself, before the program saw a request. */
export function isBare({ status, headers, body }: RawAnswer): boolean {
  return [400, 413, 431, 505].includes(status) && body === '' && headers.size === 1 && headers.get('connection') === 'close'
}

function* errorProblems({ headers, body }: RawAnswer, method: string): Generator<string> {
  if (headers.get('content-type') !== 'application/json') yield 'the error is not JSON'
  if (headers.get('cache-control') !== 'no-store') yield 'the error may be cached'
  if (method === 'HEAD') return
  for (const code of codesOf(body)) if (!codes.has(code)) yield `${code} is no code of the table`
  if (leaks.test(body)) yield 'it tells of the inside'
  // A manifest gets an error for each child that is missing, and is longer itself.
  if (body.length > 16_384 && !body.includes('MANIFEST_BLOB_UNKNOWN')) yield 'it is longer than any refusal needs to be'
}

function codesOf(body: string): string[] {
  const document = JSON.parse(body) as { errors: { code: string; message: string }[] }
  if (document.errors.some(({ message }) => typeof message !== 'string' || message === '')) throw new Error(`no message: ${body}`)
  return [...new Set(document.errors.map(({ code }) => code))]
}
