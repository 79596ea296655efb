import type { EventActor } from '../record/index.ts'
import type { Authentication } from './authentication.ts'
import type { Principal } from './principal.ts'

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
