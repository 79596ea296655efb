/**
 * Somebody as a source of identities describes them. All of it is text from outside: it names no id of this installation, and what
 * it becomes here is decided in accepted-identity.ts.
 */
export interface SourceIdentity {
  /** What never changes about this person there, such as an entry's UUID or a token's `sub`; not the name. At most 255 characters. */
  readonly subject: string
  /** The account that is made for it. It has to be a name here too. */
  readonly name: string
  readonly email?: string | undefined
  readonly displayName?: string | undefined
  /** All groups there at this moment: membership that is not named any more ends. */
  readonly groups: readonly string[]
}

/** `unknown`: no such user there, the next source is asked. `wrong`: the user is theirs and this is not its password. */
export type SourceAnswer = { readonly identity: SourceIdentity } | { readonly refused: 'unknown' | 'wrong' }

/** Where identities come from beside the accounts that live here: a directory (LDAP), a provider (OIDC) ... */
export interface IdentitySource {
  /** Kept with every account and group that comes from it: `ldap`, `corp`. Never `local`. */
  readonly name: string
  /**
   * Checks a user name with its password. Whoever calls it believes nothing of the answer, waits a bounded time, and takes a failure
   * as "not now": it can neither let anybody in nor keep out those who are not from this source.
   * @param signal aborted once nobody waits for the answer any more
   */
  authenticate(user: string, secret: string, signal: AbortSignal): Promise<SourceAnswer>
}
