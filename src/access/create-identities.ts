import type { Database } from '../database/index.ts'
import type { Clock, Ids } from '../lib/index.ts'
import { createAccounts, type Accounts } from './accounts/accounts.ts'
import { type DecideStep, importHtpasswd, type HtpasswdImport } from './accounts/htpasswd.ts'
import { createGroups, type Groups } from './groups/groups.ts'
import type { Authenticator } from './login/authentication.ts'
import { createAuthenticator } from './login/authenticator.ts'
import { createPasswordLogin } from './login/password-login.ts'
import { createUseRecorder } from './login/use-recorder.ts'
import { createTokens, type Tokens } from './personal-tokens/tokens.ts'
import type { RightsVersion } from './rights/rights-version.ts'
import { createRobots, type Robots } from './robots/robots.ts'
import type { AttemptMemory } from './secrets/attempt-counts.ts'
import { createLockout } from './secrets/lockout.ts'
import { createPasswords, type PasswordHashing } from './secrets/passwords.ts'
import type { IdentitySource } from './sources/identity-source.ts'
import { createSourceLogin } from './sources/source-login.ts'

export interface IdentitiesDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly version: RightsVersion
  readonly hashing: PasswordHashing
  /** So many passwords are compared at once: each takes a core. */
  readonly hashesAtOnce: number
  /** Asked in this order for names that are not local accounts. */
  readonly sources: readonly IdentitySource[]
  /** Where wrong passwords are counted by all threads of the process; absent where one thread counts. */
  readonly attempts?: AttemptMemory | undefined
  /** Told the name after each change of a password. */
  readonly passwordChanged?: ((name: string) => Promise<void>) | undefined
  /** For the log: what went wrong beside a request. Never holds a secret. */
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void
}

/** Who there is: everything that knows accounts, groups, robots and tokens. */
export interface Identities {
  readonly authenticator: Authenticator
  readonly accounts: Accounts
  readonly groups: Groups
  readonly robots: Robots
  readonly tokens: Tokens
  /** Fails with RangeError for a text of more than `largestHtpasswd` characters. */
  importHtpasswd(decideStep: DecideStep, text: string): Promise<HtpasswdImport>
  /** Writes down what was used last. */
  close(): Promise<void>
}

export function createIdentities(deps: IdentitiesDeps): Identities {
  const { database, clock, warn } = deps
  const passwords = createPasswords({ hashing: deps.hashing, atOnce: deps.hashesAtOnce })
  const onFault = (source: string, reason: string, error?: unknown): void => {
    warn('a source of identities is not working', { source, reason, error })
  }
  const lockout = createLockout({ clock, memory: deps.attempts, salt: database.secret })
  const login = createPasswordLogin({
    database,
    passwords,
    lockout,
    sources: createSourceLogin({ database, clock, sources: deps.sources, onFault }),
    onError: (error) => warn('the hash of a password could not be renewed', { error }),
  })
  const uses = createUseRecorder({ database, clock, onError: (error) => warn('the last use of accounts could not be written', { error }) })
  return Object.freeze<Identities>({
    authenticator: createAuthenticator({ ...deps, passwords: login, uses }),
    accounts: createAccounts({ database, passwords, lockout, passwordChanged: deps.passwordChanged }),
    groups: createGroups(deps),
    robots: createRobots(deps),
    tokens: createTokens(deps),
    importHtpasswd: async (decideStep, text) => await importHtpasswd(database, decideStep, text),
    close: () => uses.close(),
  })
}
