import { RegistryError } from '../oci/index.ts'
import { type Answer, textAnswer } from './answer.ts'

/**
 * What is outside the API: probes for whoever runs the process, and a word for a person who opens the address.
 * @returns absent when the path is none of them
 * @throws RegistryError `METHOD_NOT_ALLOWED`
 */
export function answerOps(method: string, path: string, ready: () => boolean): Answer | undefined {
  if (path !== '/' && path !== '/livez' && path !== '/readyz') return undefined
  if (method !== 'GET' && method !== 'HEAD') throw new RegistryError('METHOD_NOT_ALLOWED', { headers: { allow: 'GET, HEAD' } })
  if (path === '/') return plain(200, 'Berth, a container image registry. The API is at /v2/.\n')
  if (path === '/livez' || ready()) return plain(200, 'ok\n')
  return plain(503, 'not ready\n')
}

function plain(status: number, text: string): Answer {
  return textAnswer(status, 'text/plain', text, { 'cache-control': 'no-store' })
}
