import type { Clock } from '../lib/index.ts'
import type { Answer } from './answer.ts'
import { httpDate } from './http-date.ts'

/** The answer to request `id` as it goes out, with the headers that every one has. */
export function respond({ status, headers, body, length, goesOn }: Answer, method: string, id: string, clock: Clock): Response {
  headers['docker-distribution-api-version'] = 'registry/2.0'
  headers['x-content-type-options'] = 'nosniff'
  headers['x-request-id'] = id
  // 204 has no length, and 304 would have that of the 200 (RFC 9110, sections 8.6 and 15.4.5).
  if (status !== 204 && status !== 304 && goesOn === undefined) headers['content-length'] = String(length)
  if (method !== 'HEAD') return new Response(body, { status, headers })
  // Bun adds Date to every answer but those to HEAD.
  headers['date'] = httpDate(clock.now())
  return new Response(null, { status, headers })
}
