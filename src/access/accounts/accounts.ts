import type { Database } from '../../database/index.ts'
import { networkOf } from '../../lib/index.ts'
import type { EventActor } from '../../record/index.ts'
import { AccessError } from '../access-error.ts'
import { parseName } from '../name.ts'
import { isOneLine } from '../one-line.ts'
import { granted } from '../refusal.ts'
import type { Lockout } from '../secrets/lockout.ts'
import { passwordFault, type AboutOwner } from '../secrets/password-strength.ts'
import type { Passwords } from '../secrets/passwords.ts'
import { accountNamed, accountPage, groupsOfAccount, type AccountRow } from './account-store.ts'
import { changeAccount, changeAccountState, createAccount, deleteAccount, setPassword } from './account-transactions.ts'

/** A person's account, as management calls show it: never anything about its password. */
export interface Account {
  readonly id: number
  readonly name: string
  readonly email: string | undefined
  readonly displayName: string | undefined
  /** `local`, or the name of the source of identities that it comes from. */
  readonly source: string
  readonly state: 'active' | 'disabled'
  readonly mustChange: boolean
  readonly hasPassword: boolean
  /** Grows with every change that ends what was remembered of it. */
  readonly version: number
  readonly createdAt: number
  readonly lastLoginAt: number | undefined
}

export interface NewAccount {
  readonly name: string
  readonly email?: string | undefined
  readonly displayName?: string | undefined
  /** Absent: the account can log in once a password is set for it. */
  readonly password?: string | undefined
  /** It may do nothing but choose another password first. */
  readonly mustChange?: boolean | undefined
}

export interface AccountChange {
  /** What is absent stays; null removes it. */
  readonly email?: string | null | undefined
  readonly displayName?: string | null | undefined
}

export interface NamePage {
  /** The last name of the page before; '' for the first one. */
  readonly after: string
  readonly limit: number
}

/**
 * Local accounts. Whoever calls has been allowed to by `Rights.decide`. Fails with AccessError: NOT_FOUND, EXISTS, NAME_INVALID, INVALID,
 * PASSWORD_WEAK, PASSWORD_WRONG, NOT_LOCAL, CHANGED, LAST_ADMIN, LOCKED, BUSY.
 */
export interface Accounts {
  create(by: EventActor | undefined, account: NewAccount): Promise<Account>
  find(name: string): Promise<Account | undefined>
  /** In the order of their names. */
  list(page: NamePage): Promise<Account[]>
  groupsOf(id: number): Promise<readonly { readonly id: number; readonly name: string }[]>
  update(by: EventActor, name: string, change: AccountChange): Promise<Account>
  setState(by: EventActor, name: string, state: Account['state']): Promise<void>
  /** By an administrator: the owner has to choose another one, unless `mustChange` is false. */
  resetPassword(by: EventActor, name: string, password: string, options?: { readonly mustChange?: boolean }): Promise<void>
  /** By the owner, who knows the present one. */
  changePassword(by: EventActor, name: string, present: string, next: string): Promise<void>
  remove(by: EventActor, name: string): Promise<void>
}

export interface AccountsDeps {
  readonly database: Database
  readonly passwords: Passwords
  /** The one of the logins: who found a token could guess the password here otherwise. */
  readonly lockout: Lockout
  /** Told the name after each change of a password. */
  readonly passwordChanged?: ((name: string) => Promise<void>) | undefined
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const { database } = deps
  const { find, get } = createFinder(database)
  return Object.freeze<Accounts>({
    ...passwordCalls(deps),
    find: async (name) => {
      const row = await find(name)
      return row && accountOf(row)
    },
    list: async ({ after, limit }) => (await database.all(accountPage, after, limit)).map(accountOf),
    groupsOf: async (id) => await database.all(groupsOfAccount, id),
    create: async (actor, { name, email, displayName, password, mustChange = false }) => {
      if (parseName(name) === undefined) throw new AccessError('NAME_INVALID', { field: 'name' })
      checkText({ email, displayName })
      const passwordHash = password === undefined ? undefined : await hash(deps, password, { name, email }, actor)
      granted(await database.transact(createAccount, { name, email, displayName, passwordHash, mustChange, actor }))
      return accountOf(await get(name))
    },
    update: async (actor, name, { email, displayName }) => {
      checkText({ email, displayName })
      granted(await database.transact(changeAccount, { name, email, displayName, actor }))
      return accountOf(await get(name))
    },
    setState: async (actor, name, state) => {
      granted(await database.transact(changeAccountState, { name, state, actor }))
    },
    remove: async (actor, name) => {
      granted(await database.transact(deleteAccount, { name, actor }))
    },
  })
}

function passwordCalls(deps: AccountsDeps): Pick<Accounts, 'resetPassword' | 'changePassword'> {
  const { database } = deps
  const { get } = createFinder(database)
  return {
    resetPassword: async (actor, name, password, { mustChange = true } = {}) => {
      const passwordHash = await hash(deps, password, ownerOf(await get(name)), actor)
      granted(await database.transact(setPassword, { name, passwordHash, mustChange, expected: undefined, actor }))
      await deps.passwordChanged?.(name)
    },
    changePassword: async (actor, name, present, next) => {
      const row = await get(name)
      await checkPresent(deps, row, present, actor.address)
      if (next === present) throw new AccessError('PASSWORD_WEAK', { message: 'the new password is the present one', field: 'password' })
      const passwordHash = await hash(deps, next, ownerOf(row), actor)
      granted(await database.transact(setPassword, { name, passwordHash, mustChange: false, expected: row.password_hash ?? undefined, actor }))
      await deps.passwordChanged?.(name)
    },
  }
}

async function checkPresent({ passwords, lockout }: AccountsDeps, row: AccountRow, present: string, address: string): Promise<void> {
  const network = networkOf(address)
  if (lockout.wait(row.name, network) > 0) throw new AccessError('LOCKED')
  const attempt = lockout.begin(row.name, network)
  const verdict = await passwords.check(present, row.password_hash ?? undefined, network)
  if (verdict === 'wrong') throw new AccessError('PASSWORD_WRONG', { field: 'present' })
  if (verdict === 'right') return attempt.succeeded()
  attempt.undone()
  throw new AccessError('BUSY')
}

function createFinder(database: Database) {
  const find = async (name: string) => parseName(name) && (await database.one(accountNamed, name))
  const get = async (name: string): Promise<AccountRow> => {
    const row = await find(name)
    if (row === undefined) throw new AccessError('NOT_FOUND')
    return row
  }
  return { find, get }
}

async function hash({ passwords }: AccountsDeps, password: string, owner: AboutOwner, by: EventActor | undefined): Promise<string> {
  const fault = passwordFault(password, owner)
  if (fault !== undefined) throw new AccessError('PASSWORD_WEAK', { message: fault, field: 'password' })
  return await passwords.hash(password, by?.address ?? '')
}

function ownerOf({ name, email }: AccountRow): AboutOwner {
  return { name, email: email ?? undefined }
}

const longestText = 255

/** Shown to people and put into lists: one line each. */
function checkText(texts: Readonly<Record<string, string | null | undefined>>): void {
  for (const [field, text] of Object.entries(texts)) {
    if (text === null || text === undefined) continue
    const fits = isOneLine(text, longestText)
    if (!fits || (field === 'email' && !/^[^\s@]+@[^\s@]+$/.test(text))) {
      throw new AccessError('INVALID', { message: `${field} is not one line of at most ${longestText} characters in the right form`, field })
    }
  }
}

function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    name: row.name,
    email: row.email ?? undefined,
    displayName: row.display_name ?? undefined,
    source: row.source,
    state: row.state,
    mustChange: row.must_change !== 0,
    hasPassword: row.password_hash !== null,
    version: row.version,
    createdAt: row.created_at,
    lastLoginAt: row.last_login_at ?? undefined,
  }
}
