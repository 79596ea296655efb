import type { Database } from '../../database/index.ts'
import { andThen, type Clock, type Ids } from '../../lib/index.ts'
import { accountById, groupsOfAccount } from '../accounts/account-store.ts'
import { parseRobotName } from '../name.ts'
import type { RightsVersion } from '../rights/rights-version.ts'
import { secretKind } from '../secrets/secret.ts'
import type { Authentication, Authenticator, Recognized } from './authentication.ts'
import { createCredentialCache, type CheckedCredential, type CredentialCache } from './credential-cache.ts'
import type { PasswordLogin } from './password-login.ts'
import { principalOfAccount } from './principals.ts'
import { createSecretLogin } from './secret-login.ts'
import type { UseRecorder } from './use-recorder.ts'

export interface AuthenticatorDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly version: RightsVersion
  readonly passwords: PasswordLogin
  readonly uses: UseRecorder
}

/** Characters of the longest name of a robot with its project; nothing longer is anybody. */
const longestUser = 136
/** Characters; the longest password has 256. */
const longestSecret = 1_024

/**
 * Who sends a user name with a secret. The name has to be the owner's, also with a token: what a log or a client shows is then true.
 * What was checked is remembered for a minute. Once rights have changed, a password is not compared again, but whose it is, is read again.
 */
export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const cache = createCredentialCache(deps)
  const checkAnew = createCheck(deps, cache)
  const readAgain = createReading(deps.database, cache)
  /** Clients send one login with many requests at once: it is checked, and counted, once. */
  const running = new Map<string, Promise<Authentication>>()

  async function check(...[key, asOf, ...credential]: Parameters<typeof checkAnew>): Promise<Authentication> {
    const known = cache.get(key)
    const again = known && (await readAgain(key, known, asOf))
    if (again !== undefined) return again
    cache.delete(key)
    return await checkAnew(key, asOf, ...credential)
  }

  return Object.freeze<Authenticator>({
    basic: (user, secret, address, sent) => {
      if (user.length > longestUser || secret.length > longestSecret) return { failed: 'malformed' }
      if (user === '' || secret === '') return { failed: 'wrong' }
      const key = cache.keyOf(user, secret, sent)
      return andThen(deps.version.current(), (asOf) => {
        const known = cache.get(key)
        if (known?.asOf === asOf) return known.answer
        // What began before rights changed may have read what they were.
        const run = `${key} ${asOf}`
        const before = running.get(run)
        if (before !== undefined) return before
        const checking = check(key, asOf, user, secret, address).finally(() => running.delete(run))
        running.set(run, checking)
        return checking
      })
    },
  })
}

function createCheck({ database, clock, passwords, uses }: AuthenticatorDeps, cache: CredentialCache) {
  const secrets = createSecretLogin({ database, clock })

  async function login(user: string, secret: string, address: string): Promise<Authentication> {
    const kind = secretKind(secret)
    if (kind === 'malformed') return { failed: 'malformed' }
    const robot = parseRobotName(user)
    if (kind === 'robot') return robot === undefined ? { failed: 'wrong' } : await secrets.robot(robot, secret)
    if (kind === 'personal' || kind === 'key') return await secrets.token(user, secret, kind)
    // A robot has no password, and a refresh token is for the token service alone.
    return robot !== undefined || kind === 'refresh' ? { failed: 'wrong' } : await passwords.login(user, secret, address)
  }

  return async (key: string, asOf: number, ...credential: Parameters<typeof login>): Promise<Authentication> => {
    const answer = await login(...credential)
    if ('failed' in answer) return answer
    // With the version from before the rows were read: what changed since then is noticed at the next use.
    cache.set(key, { answer, asOf })
    if (answer.principal.kind === 'account' && answer.secret !== undefined) uses.note('token', answer.secret)
    else uses.note(answer.principal.kind, answer.principal.id)
    return answer
  }
}

/** Whose a password is, that was compared a moment ago. Answers nothing once that can't be told without comparing it. */
function createReading(database: Database, cache: CredentialCache) {
  return async (key: string, { answer }: CheckedCredential, asOf: number): Promise<Authentication | undefined> => {
    const { principal, credential } = answer
    if (credential !== 'password') return undefined
    const row = await database.one(accountById, principal.id)
    if (row === undefined || row.version !== principal.version || row.state !== 'active') return undefined
    const groups = (await database.all(groupsOfAccount, row.id)).map(({ id }) => id)
    const renewed: Recognized = { ...answer, principal: principalOfAccount(row, groups) }
    cache.renew(key, { answer: renewed, asOf })
    return renewed
  }
}
