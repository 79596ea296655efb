import type { JsonObject } from '../../oci/index.ts'
import { isId, isListOfStrings, readAccess, type TokenAccess } from './token-access.ts'

/** What every token says, ours or that of another token service. Times are in seconds since the epoch. */
export interface TokenClaims {
  readonly subject: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly access: readonly TokenAccess[]
}

/** Whom one of our tokens stands for: the account or robot as it was, and the row of the secret that it was given for. */
export interface TokenHolder {
  readonly kind: 'account' | 'robot'
  readonly id: number
  readonly version: number
  /** The row of the secret that it was given for: of `token` or of `robot_secret`; absent for a password. */
  readonly secret?: number
  /** When the secret that it was given for ends, in ms since the epoch; absent for one that does not. */
  readonly until?: number
}

export interface ClaimRules {
  readonly issuer: string
  readonly service: string
  /** Ms since the epoch. */
  readonly now: number
}

/** Seconds by which the clocks of two machines may differ. */
export const leeway = 60

/**
 * Reads the claims of a token whose signature was checked.
 * @returns `expired` for one that was good once, absent for one that never was
 */
export function readClaims(claims: JsonObject, { issuer, service, now }: ClaimRules): TokenClaims | 'expired' | undefined {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims
  const access = readAccess(claims['access'])
  if (iss !== issuer || !isFor(aud, service) || access === undefined) return undefined
  if (sub !== undefined && typeof sub !== 'string') return undefined
  if (jti !== undefined && typeof jti !== 'string') return undefined
  if (!isTime(exp) || !isTime(iat) || !(nbf === undefined || isTime(nbf))) return undefined
  const latest = now / 1000 + leeway
  if (iat > latest || (nbf !== undefined && nbf > latest) || exp <= iat) return undefined
  return now / 1000 >= exp + leeway ? 'expired' : { subject: sub ?? '', issuedAt: iat, expiresAt: exp, access }
}

function isFor(audience: unknown, service: string): boolean {
  return audience === service || (isListOfStrings(audience) && audience.includes(service))
}

/** Whole seconds that a clock can show. */
function isTime(value: unknown): value is number {
  return isId(value) && value < 2 ** 40
}

/** @returns null for an anonymous caller, absent for what our tokens never say */
export function readHolder(value: unknown): TokenHolder | null | undefined {
  if (value === null) return null
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  const { kind, id, version, secret, until } = value as JsonObject
  if ((kind !== 'account' && kind !== 'robot') || !isId(id) || !isId(version)) return undefined
  if ((secret !== undefined && !isId(secret)) || (until !== undefined && !isId(until))) return undefined
  return { kind, id, version, ...(secret === undefined ? {} : { secret }), ...(until === undefined ? {} : { until }) }
}
