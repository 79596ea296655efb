import type { Logger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import { registryError } from '../registry/index.ts'
import { type Answer, errorAnswer } from './answer.ts'

/** The one place where an error becomes an answer. What is not the caller's fault is logged with its cause. */
export function failure(error: unknown, id: string, logger: Logger): Answer {
  // Who is asked before the core is, about names and logins, fails as the database does.
  const known = registryError(error)
  if (known.code !== 'UNKNOWN') {
    if (known.status >= 500) logger.warn('a request could not be served', { id, code: known.code, error: known })
    return errorAnswer(known)
  }
  logger.error('a request failed inside', { id, error })
  return errorAnswer(new RegistryError('UNKNOWN', { detail: { request: id } }))
}
