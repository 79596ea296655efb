import type { Database } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import { AccessError, invalid } from '../access-error.ts'
import { accountNamed } from '../accounts/account-store.ts'
import { parseName } from '../name.ts'
import { isOneLine } from '../one-line.ts'
import { formatPathPattern, parsePathPattern } from '../path-pattern.ts'
import { isPermission, type Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { granted } from '../refusal.ts'
import { hashSecret, newSecret } from '../secrets/secret.ts'
import { tokenPage, type TokenRow } from './token-store.ts'
import { createToken, revokeToken } from './token-transactions.ts'

/** A secret that stands for its owner, with less than all its rights or with all of them. */
export interface Token {
  readonly id: number
  /** `key`: an API key, which lives minutes. */
  readonly kind: 'personal' | 'key'
  readonly name: string
  /** Absent: all that its owner may do. */
  readonly permissions: readonly string[] | undefined
  /** Id of the only project it counts in, with a pattern of repositories there; absent: everywhere. */
  readonly place: { readonly project: number; readonly path: string } | undefined
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly lastUsedAt: number | undefined
}

export interface NewToken {
  readonly kind: 'personal' | 'key'
  /** For people, to tell it from others: one line of at most 100 characters. */
  readonly name: string
  readonly permissions?: readonly Permission[] | undefined
  readonly place?: { readonly project: number; readonly path: string } | undefined
  /** In ms since the epoch. An API key has to have one, at most an hour ahead. */
  readonly expiresAt?: number | undefined
}

/**
 * Personal tokens and API keys. They only ever take away: what one allows is asked in addition to the rights its owner has at that
 * moment. Whoever calls is the owner, or has been allowed to by `Rights.decide`. Fails with AccessError: NOT_FOUND, INVALID, WIDER, TOO_MANY.
 */
export interface Tokens {
  /** Of the caller, who is to have proved it with everything that is theirs. The secret is answered once and kept as a hash. */
  create(by: TokenMaker, token: NewToken): Promise<{ readonly id: number; readonly secret: string }>
  /** In the order in which they were made, those after `after`. */
  list(owner: string, page: { readonly after: number; readonly limit: number }): Promise<Token[]>
  revoke(by: EventActor, owner: string, id: number): Promise<void>
}

/** Whose token it will be. */
export interface TokenMaker {
  readonly principal: Principal
  readonly actor: EventActor
}

export interface TokensDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
}

const longestName = 100
/** Of an API key, in ms. */
const longestKeyLife = 60 * 60_000

export function createTokens({ database, clock, ids }: TokensDeps): Tokens {
  function check({ kind, name, permissions, expiresAt }: NewToken): void {
    if (!isOneLine(name, longestName)) {
      throw invalid('name', `is not one line of 1 to ${longestName} characters`)
    }
    if (permissions?.length === 0) throw invalid('permissions', 'is empty: leave it out for all that you may do')
    if (permissions?.every(isPermission) === false) throw invalid('permissions', 'names a permission that does not exist')
    const now = clock.now()
    if (expiresAt !== undefined && !(Number.isSafeInteger(expiresAt) && expiresAt > now)) throw invalid('expiresAt', 'is not in the future')
    if (kind === 'key' && !((expiresAt ?? Infinity) <= now + longestKeyLife)) throw invalid('expiresAt', 'of an API key is at most 60 minutes ahead')
  }

  return Object.freeze<Tokens>({
    create: async ({ principal, actor }, token) => {
      // Whoever holds a narrow token could make a wide one of it.
      if (principal.ceilings.length > 0) throw new AccessError('WIDER', { message: 'a limited token cannot make tokens: log in with the password' })
      if (principal.kind !== 'account') throw new AccessError('WIDER', { message: 'a robot has no tokens: rotate its secret' })
      check(token)
      const pattern = token.place && parsePathPattern(token.place.path)
      if (token.place !== undefined && pattern === undefined) throw invalid('place', 'has a pattern of repositories that is not valid')
      const { kind, name, expiresAt } = token
      const place = token.place && pattern && { project: token.place.project, ...pattern }
      const permissions = token.permissions && [...new Set(token.permissions)]
      const secret = newSecret(kind, ids)
      const owner = { id: principal.id, name: principal.name }
      const input = { owner, kind, name, hash: hashSecret(secret), permissions, place, expiresAt, actor }
      const { id } = granted(await database.transact(createToken, input))
      return { id, secret }
    },
    list: async (owner, { after, limit }) => {
      const account = parseName(owner) && (await database.one(accountNamed, owner))
      if (account === undefined) throw new AccessError('NOT_FOUND')
      return (await database.all(tokenPage, account.id, after, limit)).map(tokenOf)
    },
    revoke: async (actor, owner, id) => {
      granted(await database.transact(revokeToken, { owner, id, actor }))
    },
  })
}

function tokenOf(row: TokenRow): Token {
  const { namespace_id: project, prefix, exact } = row
  const place = project === null || prefix === null ? undefined : { project, path: formatPathPattern({ prefix, exact: exact === 1 }) }
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    permissions: row.permissions === null ? undefined : (JSON.parse(row.permissions) as string[]),
    place,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}
