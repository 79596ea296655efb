import { andThen, type Clock, createLru, type Soon } from '../../lib/index.ts'
import type { Recognized, Unrecognized } from '../login/authentication.ts'
import type { Principal } from '../principal.ts'
import type { OutsideCaller } from './outside-caller.ts'
import { scopeCeiling, type TokenAccess } from './token-access.ts'
import { leeway, readClaims, readHolder, type TokenClaims, type TokenHolder } from './token-claims.ts'
import type { TokenKeys } from './token-keys.ts'
import { isSignedBy, parseToken, readJson, type TokenParts } from './token-text.ts'

/** Somebody without a name, who has asked for a token all the same: docker asks for one before each pull. */
export interface AnonymousBearer {
  readonly anonymous: true
  readonly expiresAt: number
}

/** What a bearer token proves; `access` is what it allows at most. */
type Accepted = (Recognized & { readonly expiresAt: number; readonly access: readonly TokenAccess[] }) | AnonymousBearer

/** Whom a token service elsewhere vouches for. */
export interface OutsideBearer {
  readonly caller: OutsideCaller
  readonly expiresAt: number
}

export type BearerAuthentication = Accepted | OutsideBearer | Unrecognized

/** Checks the tokens that the token service signs. */
export interface TokenCheck {
  /**
   * At once for one that was checked a moment ago. Whatever a client may send is answered with a failure; fails when the database
   * cannot be asked. Whom the token names is looked up again whenever rights have changed: it proves who asks, and never what
   * they may do beyond what they may do now.
   */
  bearer(token: string): Soon<BearerAuthentication>
}

/** Whom a token names, as they are now. */
export interface Recalled {
  readonly principal: Principal
  /** When the secret behind the token ends, in ms since the epoch: a rotation may have brought that forward. Absent for one that does not. */
  readonly until?: number | undefined
}

/** Finds again whom a token names. */
export interface HolderSource {
  /** Absent when the account or robot is gone, disabled or not of that version any more, or the secret behind it has ended. */
  recall(holder: TokenHolder): Soon<Recalled | undefined>
  /**
   * The id of the project of this name, if a push of the holder made it at `since` (ms since the epoch) or later: the one case in which
   * a token from before a project is good in it, since clients push the first image with one token.
   */
  projectMade(holder: TokenHolder, name: string, since: number): Soon<number | undefined>
}

export interface TokenCheckDeps {
  readonly keys: Pick<TokenKeys, 'find'>
  readonly holders: HolderSource
  /** Moves whenever somebody may have lost something. */
  readonly rightsVersion: { current(): Soon<number> }
  readonly clock: Clock
  readonly issuer: string
  readonly service: string
}

/** Characters of tokens that are remembered. */
const remembered = 8 * 1024 * 1024

/** A token whose signature was checked. */
interface Read {
  readonly token: string
  readonly claims: TokenClaims
  /** Null: nobody. */
  readonly holder: TokenHolder | null
}

/** What it was found to mean under that version of rights. */
interface Checked extends Read {
  readonly version: number
  readonly authentication: Accepted
}

const wrong: Unrecognized = Object.freeze({ failed: 'wrong' })
const expired: Unrecognized = Object.freeze({ failed: 'expired' })
const malformed: Unrecognized = Object.freeze({ failed: 'malformed' })

export function createTokenCheck(deps: TokenCheckDeps): TokenCheck {
  const { keys, rightsVersion, clock } = deps
  // By the whole text: two tokens are never taken for one. Only those that were good get here.
  const checked = createLru<string, Checked>({ capacity: remembered, weigh: ({ token }) => token.length })

  function again(known: Checked, version: number): Soon<BearerAuthentication> {
    if (clock.now() >= known.authentication.expiresAt) {
      checked.delete(known.token)
      return expired
    }
    return known.version === version ? known.authentication : recognize(known, version)
  }

  /** Under a version of rights that was read before: if they change meanwhile, it is done again for the next request. */
  function recognize(read: Read, version: number): Soon<BearerAuthentication> {
    return andThen(authenticationOf(deps, read), (authentication) => {
      if ('failed' in authentication) checked.delete(read.token)
      else checked.set(read.token, { ...read, version, authentication })
      return authentication
    })
  }

  function bearer(token: string): Soon<BearerAuthentication> {
    const known = checked.get(token)
    if (known !== undefined) return andThen(rightsVersion.current(), (version) => again(known, version))
    const parts = parseToken(token)
    const id = parts && keyIdOf(parts)
    if (parts === undefined || id === undefined) return malformed
    return andThen(keys.find(id), (key) => {
      const read = key !== undefined && isSignedBy(key.publicKey, 'EdDSA', parts) ? readOwn(deps, token, parts) : wrong
      return 'failed' in read ? read : andThen(rightsVersion.current(), (version) => recognize(read, version))
    })
  }

  return Object.freeze({ bearer })
}

/** What our tokens say of how they are signed, and nothing else: no key and no address of one that a token brings along is looked at. */
function keyIdOf({ header }: TokenParts): string | undefined {
  const { alg, typ, kid } = header
  const isOurs = Object.keys(header).length === 3 && alg === 'EdDSA' && typ === 'JWT' && typeof kid === 'string'
  return isOurs ? kid : undefined
}

/** Of a token whose signature was checked. */
function readOwn({ issuer, service, clock }: TokenCheckDeps, token: string, { payload }: TokenParts): Read | Unrecognized {
  const json = readJson(payload)
  const claims = json && readClaims(json, { issuer, service, now: clock.now() })
  if (claims === 'expired') return expired
  const holder = json && readHolder(json['holder'])
  return claims === undefined || holder === undefined ? wrong : { token, claims, holder }
}

function authenticationOf({ holders, clock }: TokenCheckDeps, { claims, holder }: Read): Soon<Accepted | Unrecognized> {
  const end = (claims.expiresAt + leeway) * 1000
  if (holder === null) return { anonymous: true, expiresAt: end }
  return andThen(holders.recall(holder), (recalled) => {
    if (recalled === undefined) return expired
    const { principal, until = Infinity } = recalled
    const expiresAt = Math.min(end, holder.until ?? Infinity, until)
    if (clock.now() >= expiresAt) return expired
    const hasNew = claims.access.some(({ project }) => project === null)
    return andThen(hasNew ? withMade(holders, holder, claims) : claims.access, (access) => {
      const narrowed = { ...principal, ceilings: [...principal.ceilings, scopeCeiling(access)] }
      return { principal: narrowed, credential: 'bearer', expiresAt, access }
    })
  })
}

/** For so long, in ms, a process may not have noticed that there is a project. */
const unnoticed = 5_000

/** With the projects that its holder has made since; for who has not noticed them yet, as they were named as well. */
async function withMade(holders: HolderSource, holder: TokenHolder, { access, issuedAt }: TokenClaims): Promise<readonly TokenAccess[]> {
  const entries: TokenAccess[] = []
  for (const entry of access) {
    entries.push(entry)
    if (entry.project !== null) continue
    const made = await holders.projectMade(holder, entry.name.split('/', 1)[0] ?? '', issuedAt * 1000 - unnoticed)
    if (made !== undefined) entries.push({ ...entry, project: made })
  }
  return entries
}
