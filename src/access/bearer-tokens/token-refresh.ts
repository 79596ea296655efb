import type { Database } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import type { Authentication } from '../login/authentication.ts'
import type { Principal } from '../principal.ts'
import { hashSecret, newSecret, secretKind } from '../secrets/secret.ts'
import type { HolderSource } from './token-check.ts'
import { refreshTokenOfSecret } from './token-refresh-store.ts'
import { createRefreshToken } from './token-refresh-transactions.ts'

/** What a refresh token is for. */
export interface RefreshPurpose {
  readonly service: string
  /** What the client calls itself; for its owner to tell one from another. */
  readonly client: string
  readonly actor: EventActor
}

/** Tokens that clients keep in place of a password, to get further ones with. They end with the password they were given for. */
export interface RefreshTokens {
  /** A new one for this account; absent when it is gone. Fails when the database cannot be asked. */
  issue(principal: Principal, purpose: RefreshPurpose): Promise<string | undefined>
  /** Whose it is. Whatever a client sends is answered with a failure. */
  redeem(token: string, service: string): Promise<Authentication>
}

export interface RefreshTokensDeps {
  readonly database: Pick<Database, 'one' | 'transact'>
  readonly holders: HolderSource
  readonly clock: Clock
  readonly ids: Ids
}

/** Ms. A client that did not come back for so long asks for the password again. */
const lifetime = 90 * 24 * 60 * 60 * 1000

export function createRefreshTokens({ database, holders, clock, ids }: RefreshTokensDeps): RefreshTokens {
  async function issue({ id, version }: Principal, { service, client, actor }: RefreshPurpose): Promise<string | undefined> {
    const secret = newSecret('refresh', ids)
    const name = client.slice(0, 100).replaceAll(/[^\w .:/+-]/g, '?')
    const expiresAt = clock.now() + lifetime
    const input = { account: id, version, name, hash: hashSecret(secret), service, expiresAt, actor }
    const outcome = await database.transact(createRefreshToken, input)
    return 'ok' in outcome ? secret : undefined
  }

  async function redeem(token: string, service: string): Promise<Authentication> {
    if (secretKind(token) !== 'refresh') return { failed: 'malformed' }
    const row = await database.one(refreshTokenOfSecret, hashSecret(token))
    if (row === undefined || row.service !== service) return { failed: 'wrong' }
    if (row.expires_at !== null && row.expires_at <= clock.now()) return { failed: 'expired' }
    const recalled = await holders.recall({ kind: 'account', id: row.account_id, version: row.version })
    return recalled === undefined ? { failed: 'wrong' } : { principal: recalled.principal, credential: 'bearer' }
  }

  return Object.freeze({ issue, redeem })
}
