import { CodedError, type ErrorCase } from '../lib/index.ts'

/** What can be wrong with deleting a repository, and with what is in the trash. `status` is what HTTP answers. */
const table = {
  NAME_UNKNOWN: { status: 404, message: 'there is no such repository' },
  TRASH_UNKNOWN: { status: 404, message: 'nothing of that number is in the trash' },
  REPOSITORY_EXISTS: { status: 409, message: 'there is a repository of that name again: delete it first, or leave what is in the trash there' },
  REPOSITORY_FROZEN: { status: 409, message: 'the repository is frozen: nothing can be changed in it until it is opened again' },
  PROJECT_ARCHIVED: { status: 409, message: 'the project is archived: nothing can be changed in it until it is unarchived' },
  PROJECT_IN_TRASH: { status: 409, message: 'the project of the repository is deleted itself: restore the project first' },
  PATH_TOO_LONG: { status: 409, message: 'its project has a longer name now, with which its path is longer than 255 characters' },
  UNAVAILABLE: { status: 503, message: 'the project has changed just now: try again' },
} as const

export type RepositoryErrorCode = keyof typeof table

/** A call that was refused, for a reason the caller can do something about. */
export class RepositoryError extends CodedError<RepositoryErrorCode> {
  constructor(code: RepositoryErrorCode, details: ErrorCase = {}) {
    super('RepositoryError', code, table[code], details)
  }
}

export function isRepositoryErrorCode(text: string): text is RepositoryErrorCode {
  return Object.hasOwn(table, text)
}
