import type { Authentication, Recognized } from '../../access/index.ts'
import { RegistryError } from '../../oci/index.ts'

/** Whoever was recognized, if they may have tokens. @throws RegistryError for everybody else */
export function recognized(found: Authentication): Recognized {
  if ('principal' in found) {
    if (!found.principal.mustChange) return found
    throw new RegistryError('DENIED', { message: `${found.principal.name} has to choose a new password first` })
  }
  const { failed, retryAfter = 5 } = found
  const headers = { 'retry-after': String(retryAfter) }
  if (failed === 'locked') throw new RegistryError('TOOMANYREQUESTS', { message: 'too many wrong passwords; wait before you try again', headers })
  if (failed === 'busy') throw new RegistryError('UNAVAILABLE', { headers })
  throw unauthorized(failed === 'expired' ? 'this password or token has ended; get a new one' : 'the user name or the password is not right')
}

export function unauthorized(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', { message, headers: { 'www-authenticate': 'Basic realm="Berth"' } })
}
