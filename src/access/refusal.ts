import type { Outcome, Refusal } from '../database/index.ts'
import { RightsMoved, rightsMoved } from '../record/index.ts'
import { AccessError, isAccessErrorCode, type AccessErrorCode } from './access-error.ts'

/** For people: what exactly is wrong, and in which member of the request. */
export interface RefusalDetail {
  readonly message?: string
  readonly field?: string
}

/** What a transaction answers that changes nothing. */
export function refuse(refused: AccessErrorCode, detail: RefusalDetail = {}): Refusal {
  return { refused, detail }
}

/** The result of a transaction, or its refusal as the error that the caller sees; `RightsMoved` where it has to be decided anew. */
export function granted<Result>(outcome: Outcome<Result>): Result {
  if ('ok' in outcome) return outcome.ok
  if (outcome.refused === rightsMoved) throw new RightsMoved()
  if (!isAccessErrorCode(outcome.refused)) throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
  throw new AccessError(outcome.refused, outcome.detail as RefusalDetail)
}
