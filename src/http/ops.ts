import { RegistryError } from '../oci/index.ts'
import { type Answer, textAnswer } from './answer.ts'
import type { Readiness } from './readiness.ts'

/**
 * What is outside the API: probes for whoever runs the process, and a word for a person who opens the address. Anybody may
 * ask, so why the process is not ready is told to the operator's own listener alone.
 * @throws RegistryError `ROUTE_UNKNOWN`, `METHOD_NOT_ALLOWED`
 */
export async function answerOps(method: string, path: string, readiness: Readiness): Promise<Answer> {
  if (!isOpsPath(path)) throw new RegistryError('ROUTE_UNKNOWN')
  if (method !== 'GET' && method !== 'HEAD') throw new RegistryError('METHOD_NOT_ALLOWED', { headers: { allow: 'GET, HEAD' } })
  if (path === '/') return plain(200, 'Berth, a container image registry. The API is at /v2/.\n')
  if (path === '/livez' || (await readiness.reasons()).length === 0) return plain(200, 'ok\n')
  return plain(503, 'not ready\n')
}

/** Asked for by whoever has to know that the server lives: always answered, however much there is to do. */
export function isOpsPath(path: string): boolean {
  return path === '/livez' || path === '/readyz' || path === '/'
}

function plain(status: number, text: string): Answer {
  return textAnswer(status, 'text/plain', text, { 'cache-control': 'no-store' })
}
