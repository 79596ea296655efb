/** Digests that an entity tag may name, or `any`: whatever is there. */
export type Candidates = 'any' | readonly string[]

/**
 * What a conditional request expects of what it is about to change (RFC 9110, section 13.1). Plain data: it is judged inside
 * the transaction that makes the change.
 */
export interface Precondition {
  /** If-Match: only where one of these is there now. */
  readonly match: Candidates | undefined
  /** If-None-Match: only where none of these is there now. `any` therefore means: create, never replace. */
  readonly noneMatch: Candidates | undefined
}

/** Whether the change may be made; `present` is the digest that is there now, absent where nothing is. */
export function preconditionHolds(precondition: Precondition | undefined, present: string | undefined): boolean {
  if (precondition === undefined) return true
  const { match, noneMatch } = precondition
  return (match === undefined || isAmong(present, match)) && (noneMatch === undefined || !isAmong(present, noneMatch))
}

function isAmong(present: string | undefined, candidates: Candidates): boolean {
  return present !== undefined && (candidates === 'any' || candidates.includes(present))
}
