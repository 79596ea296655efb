import type { Clock, Soon } from '../../lib/index.ts'
import type { JsonObject } from '../../oci/index.ts'
import type { Unrecognized } from '../login/authentication.ts'
import type { CoreDecision, CoreQuestion } from '../rights/authorize.ts'
import { keyOfChain } from './certificate-chain.ts'
import { isOutside, type OutsideCaller } from './outside-caller.ts'
import type { OutsideKeys } from './outside-keys.ts'
import { allowsList, type TokenAccess } from './token-access.ts'
import type { BearerAuthentication, TokenCheck } from './token-check.ts'
import { leeway, readClaims } from './token-claims.ts'
import { algorithmOf, isSignedBy, parseToken, readJson } from './token-text.ts'

export interface OutsideCheckDeps {
  readonly keys: OutsideKeys
  readonly clock: Clock
  readonly issuer: string
  readonly service: string
}

const wrong: Unrecognized = Object.freeze({ failed: 'wrong' })

/** What names a key, or how to read the rest, in the token itself: whoever forges one would choose it. */
const refused = ['jwk', 'jku', 'x5u', 'crit', 'b64', 'zip', 'cty', 'enc']

/**
 * Checks tokens that another token service signs. The key is found by the very `kid`, or is that of a chain of certificates in `x5c`
 * that ends in one of the roots; it is for one algorithm, whatever the token says. Nothing is remembered: a token is as good as its
 * signature until it ends, and nobody here can revoke it.
 */
export function createOutsideCheck({ keys, clock, issuer, service }: OutsideCheckDeps): TokenCheck {
  function bearer(text: string): BearerAuthentication {
    const parts = parseToken(text)
    if (parts === undefined) return { failed: 'malformed' }
    const { header, payload } = parts
    const { alg, typ = 'JWT' } = header
    const key = keyFor(header)
    if (key === undefined || alg !== key.algorithm || typ !== 'JWT' || refused.some((name) => Object.hasOwn(header, name))) return wrong
    if (!isSignedBy(key.key, key.algorithm, parts)) return wrong
    const json = readJson(payload)
    // A client that wants nothing yet, as docker does to log in, gets a token without any.
    const claims = json && readClaims({ ...json, access: json['access'] ?? [] }, { issuer, service, now: clock.now() })
    if (claims === undefined) return wrong
    if (claims === 'expired') return { failed: 'expired' }
    const { subject: name, access, expiresAt } = claims
    return { caller: Object.freeze<OutsideCaller>({ outside: true, name, access }), expiresAt: (expiresAt + leeway) * 1000 }
  }

  function keyFor({ kid, x5c }: JsonObject) {
    if (x5c === undefined) return typeof kid === 'string' ? keys.byId.get(kid) : undefined
    const key = keyOfChain(x5c, keys.roots, clock.now())
    const algorithm = key && algorithmOf(key)
    return key === undefined || algorithm === undefined ? undefined : { key, algorithm }
  }

  return Object.freeze<TokenCheck>({ bearer })
}

/** As `authorize`, with callers from outside decided by their tokens, for the names in them. */
export function withOutside(authorize: (question: CoreQuestion) => Soon<CoreDecision>): (question: CoreQuestion) => Soon<CoreDecision> {
  return (question) => {
    const { actor, action, repository } = question
    if (!isOutside(actor.principal)) return authorize(question)
    const { access } = actor.principal
    const allowed = action === 'list' ? allowsList(access) : repository !== undefined && names(access, repository, action)
    return { allowed, rule: allowed ? 'the token of the token service' : 'the token of the token service does not allow it', login: !allowed }
  }
}

/** Whether a token from outside may push there: it then makes what is not there yet. */
export function mayPush({ access }: OutsideCaller, repository: string): boolean {
  return names(access, repository, 'push')
}

function names(access: readonly TokenAccess[], repository: string, action: string): boolean {
  return access.some(({ type, name, actions }) => {
    return type === 'repository' && name === repository && (actions.includes(action) || actions.includes('*'))
  })
}

