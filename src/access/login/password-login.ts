import type { Database } from '../../database/index.ts'
import { networkOf } from '../../lib/index.ts'
import { accountNamed, groupsOfAccount, type AccountRow } from '../accounts/account-store.ts'
import { rehashPassword } from '../accounts/account-transactions.ts'
import { parseName, type Name } from '../name.ts'
import type { Attempt, Lockout } from '../secrets/lockout.ts'
import { longestPassword, type Passwords } from '../secrets/passwords.ts'
import type { SourceLogin } from '../sources/source-login.ts'
import type { Authentication } from './authentication.ts'
import { principalOfAccount } from './principals.ts'

/** Logins with a password: of local accounts, then of the sources of identities. */
export interface PasswordLogin {
  login(user: string, password: string, address: string): Promise<Authentication>
}

export interface PasswordLoginDeps {
  readonly database: Database
  readonly passwords: Passwords
  readonly lockout: Lockout
  readonly sources: SourceLogin
  readonly onError: (error: unknown) => void
}

/** Seconds after which a flood of passwords has had its turns. */
const busyFor = 2

export function createPasswordLogin(deps: PasswordLoginDeps): PasswordLogin {
  const { database, lockout } = deps
  const compare = createComparison(deps)

  async function attemptOf(attempt: Attempt, ...credential: Parameters<Comparison>): Promise<Authentication> {
    let found: Awaited<ReturnType<Comparison>>
    try {
      found = await compare(...credential)
    } catch (error) {
      attempt.undone()
      throw error
    }
    if (found === 'wrong') return { failed: 'wrong' }
    if (found === 'busy') {
      attempt.undone()
      return { failed: 'busy', retryAfter: busyFor }
    }
    attempt.succeeded()
    const groups = (await database.all(groupsOfAccount, found.id)).map(({ id }) => id)
    return { principal: principalOfAccount(found, groups), credential: 'password' }
  }

  return Object.freeze<PasswordLogin>({
    login: async (user, password, address) => {
      const name = parseName(user)
      // Nobody can have such a name or such a password, so the answer tells nothing by coming at once. Counted, they would be a cheap way to
      // make the lockout forget earlier attempts.
      if (name === undefined || password.length > longestPassword) return { failed: 'wrong' }
      const network = networkOf(address)
      const retryAfter = lockout.wait(name, network)
      if (retryAfter > 0) return { failed: 'locked', retryAfter }
      return await attemptOf(lockout.begin(name, network), name, password, network)
    },
  })
}

type Comparison = (name: Name, password: string, network: string) => Promise<AccountRow | 'wrong' | 'busy'>

/** Every name costs one comparison, whether there is such an account or not, and whether it has a password here or not. */
function createComparison({ database, passwords, sources, onError }: PasswordLoginDeps): Comparison {
  async function rehash(id: number, before: string, password: string, network: string): Promise<void> {
    try {
      await database.transact(rehashPassword, { id, before, after: await passwords.hash(password, network) })
    } catch (error) {
      // The login is right all the same; the next one tries again.
      onError(error)
    }
  }

  return async (name, password, network) => {
    const row = await database.one(accountNamed, name)
    const mayLogIn = row?.state === 'active' && row.source === 'local'
    const hash = (mayLogIn ? row.password_hash : null) ?? undefined
    const verdict = await passwords.check(password, hash, network)
    if (verdict === 'busy') return 'busy'
    if (verdict === 'right' && row !== undefined && hash !== undefined) {
      if (passwords.isOutdated(hash)) await rehash(row.id, hash, password, network)
      return row
    }
    return row?.source === 'local' ? 'wrong' : await sources.login(name, password)
  }
}
