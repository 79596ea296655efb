import type { Soon } from '../../lib/index.ts'
import type { Principal } from '../principal.ts'

/** What kind of secret proved somebody; `key` is an API key, `bearer` what the token service signed. */
export type Credential = 'password' | 'robot' | 'personal' | 'key' | 'bearer'

/**
 * Why nobody was recognized.
 *
 * `wrong`      no such user, or not its secret: never told apart
 * `expired`    the secret was right, and has ended
 * `malformed`  it cannot be anybody's: too long, or not in the form of its kind
 * `locked`     too many wrong ones: nothing was compared; 429
 * `busy`       too many passwords are being checked at once, or a source of identities does not answer: 503
 */
export type AuthenticationFailure = 'wrong' | 'expired' | 'malformed' | 'locked' | 'busy'

export interface Recognized {
  readonly principal: Principal
  readonly credential: Credential
  /** The row of the secret that proved it, of `token` or of `robot_secret`; absent for a password. */
  readonly secret?: number | undefined
  /** When the secret ends, in ms since the epoch; absent for one that does not. */
  readonly expiresAt?: number | undefined
}

export interface Unrecognized {
  readonly failed: AuthenticationFailure
  /** Whole seconds until it is worth trying again: with `locked` and `busy`. */
  readonly retryAfter?: number | undefined
}

export type Authentication = Recognized | Unrecognized

/** Recognizes whoever sends a user name with a secret: a password, a robot's secret, a personal token or an API key. */
export interface Authenticator {
  /**
   * At once for what was checked a moment ago. Anything a client may send is answered with a failure; it rejects only when the
   * database cannot be asked.
   * @param address of the client, as `parseIpAddress` writes it: what counts the wrong attempts
   * @param sent stands for this name and secret wherever it is passed again: they are then found without a hash
   */
  basic(user: string, secret: string, address: string, sent?: object): Soon<Authentication>
}
