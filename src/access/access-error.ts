import { CodedError, type ErrorCase } from '../lib/index.ts'

/** What can be wrong with a change of who may do what. `status` is what HTTP answers. */
const table = {
  NOT_FOUND: { status: 404, message: 'there is no such thing' },
  IN_USE: { status: 409, message: 'it is still used: end that first' },
  EXISTS: { status: 409, message: 'the name is taken' },
  CHANGED: { status: 409, message: 'it was changed by somebody else in between' },
  LAST_ADMIN: { status: 409, message: 'this is the last account that can administer the registry: make another one first' },
  INVALID: { status: 422, message: 'a value is not valid' },
  NAME_INVALID: {
    status: 422,
    message: 'a name has lower-case letters and digits, with single . _ or - between them, and at most 64 characters',
  },
  PASSWORD_WEAK: { status: 422, message: 'the password is too easy to guess' },
  PASSWORD_WRONG: { status: 403, message: 'the present password is not right' },
  NOT_LOCAL: { status: 409, message: 'this account comes from another source of identities: change it there' },
  TOO_MANY: { status: 409, message: 'there are too many already: remove some first' },
  WIDER: { status: 403, message: 'nobody can give what they do not have' },
  LOCKED: { status: 429, message: 'too many wrong passwords: wait some minutes and try again' },
  BUSY: { status: 503, message: 'too many passwords are being checked: try again in a moment' },
} as const

export type AccessErrorCode = keyof typeof table

/** A management call that was refused, for a reason the caller can do something about. */
export class AccessError extends CodedError<AccessErrorCode> {
  constructor(code: AccessErrorCode, details: ErrorCase = {}) {
    super('AccessError', code, table[code], details)
  }
}

export function isAccessErrorCode(text: string): text is AccessErrorCode {
  return Object.hasOwn(table, text)
}

/** A member of the request that is not as it has to be: `field` with what is wrong about it. */
export function invalid(field: string, fault: string): AccessError {
  return new AccessError('INVALID', { message: `${field} ${fault}`, field })
}
