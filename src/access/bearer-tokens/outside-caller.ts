import type { TokenAccess } from './token-access.ts'

/** Somebody whom a token service elsewhere vouches for: there is no account, and `access` alone decides. */
export interface OutsideCaller {
  readonly outside: true
  readonly name: string
  readonly access: readonly TokenAccess[]
}

export function isOutside(principal: object | undefined): principal is OutsideCaller {
  return principal !== undefined && 'outside' in principal
}
