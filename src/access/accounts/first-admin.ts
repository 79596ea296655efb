import type { Database } from '../../database/index.ts'
import type { Ids } from '../../lib/index.ts'
import { AccessError } from '../access-error.ts'
import { hasAdmin } from '../access-lock-store.ts'
import { granted } from '../refusal.ts'
import { passwordFault } from '../secrets/password-strength.ts'
import type { Passwords } from '../secrets/passwords.ts'
import { accountNamed } from './account-store.ts'
import { createFirstAdmin } from './account-transactions.ts'

/** The account that was made because nobody could administer the registry. */
export interface FirstAdmin {
  readonly name: string
  /** As it was generated; absent where it was given. */
  readonly password: string | undefined
}

/** A file that only the user may read whom the server runs as. */
export interface PasswordFile {
  /** Absent when there is none. */
  read(): Promise<string | undefined>
  /** Writes the text unless one of this form is there; answers what is there then, the same to all who do so at once. */
  keep(text: string, form: RegExp): Promise<string>
  remove(): Promise<void>
}

export interface FirstAdminDeps {
  readonly database: Database
  readonly passwords: Passwords
  readonly ids: Ids
  /** Keeps a generated password until it is changed. */
  readonly file: PasswordFile
  /** The password to use instead of a generated one. */
  readonly given: string | undefined
}

const name = 'admin'

/** In the data directory. */
export const initialPasswordFile = 'initial-admin-password'

/**
 * Sees to it that somebody can administer the registry. Does nothing once somebody can, but for removing the file when its password is
 * not the right one any more. Fails with AccessError PASSWORD_WEAK when the given password is.
 */
export async function ensureFirstAdmin(deps: FirstAdminDeps): Promise<FirstAdmin | undefined> {
  const { database, passwords, file, given } = deps
  if (await hasAdmin(database)) {
    await removeOutdated(deps)
    return undefined
  }
  const fault = given === undefined ? undefined : passwordFault(given, { name })
  if (fault !== undefined) throw new AccessError('PASSWORD_WEAK', { message: fault })
  // Before the account: a server that dies in between never leaves one that nobody knows. What another process of the same folder
  // keeps there is taken: whichever makes the account, its password is in the file.
  const password = given ?? (await file.keep(`${generatePassword(deps.ids)}\n`, generated)).trim()
  const passwordHash = await passwords.hash(password, '')
  const outcome = await database.transact(createFirstAdmin, { name, passwordHash })
  if ('refused' in outcome && outcome.refused === 'EXISTS') {
    // Another process was faster. Of another folder: then its password is not the one that is kept here.
    await removeOutdated(deps)
    return undefined
  }
  granted(outcome)
  return { name, password: given === undefined ? password : undefined }
}

/** Told of every change of a password. */
export function initialPasswordChanged(file: PasswordFile): (account: string) => Promise<void> {
  return async (account) => {
    if (account === name) await file.remove()
  }
}

/** Changed on another node, or by a process that died before it removed the file. */
async function removeOutdated({ database, passwords, file }: FirstAdminDeps): Promise<void> {
  const kept = await file.read()
  if (kept === undefined) return
  const row = await database.one(accountNamed, name)
  if ((await passwords.check(kept.trim(), row?.password_hash ?? undefined, '')) === 'wrong') await file.remove()
}

const generated = /^(?:[a-z2-9]{5}-){4}[a-z2-9]{5}\n$/

/** 128 bits in letters and digits that are not mistaken for each other, in groups that can be read out. */
function generatePassword(ids: Ids): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
  let left = BigInt(`0x${ids.object()}`)
  let text = ''
  for (let at = 0; at < 25; at++) {
    text += (at > 0 && at % 5 === 0 ? '-' : '') + (alphabet[Number(left % 32n)] ?? '')
    left /= 32n
  }
  return text
}
