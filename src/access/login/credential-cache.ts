import { hash } from 'node:crypto'
import { createLru, type Clock, type Ids } from '../../lib/index.ts'
import type { Recognized } from './authentication.ts'

/** A login that was checked. */
export interface CheckedCredential {
  readonly answer: Recognized
  /** The version of rights under which it was read: under another one, who it is has to be read again. */
  readonly asOf: number
}

/** Logins that were checked a moment ago, so that not every request costs a hash or a row. */
export interface CredentialCache {
  /** `sent` always stands for the same two: its key is made once. */
  keyOf(user: string, secret: string, sent: object | undefined): string
  get(key: string): CheckedCredential | undefined
  /** Keeps it for a minute, and not beyond the end of what proved it. */
  set(key: string, checked: CheckedCredential): void
  /** The same login, read again: it ends when it would have. */
  renew(key: string, checked: CheckedCredential): void
  delete(key: string): void
}

interface Entry {
  readonly checked: CheckedCredential
  /** By the clock that only grows. */
  readonly until: number
}

/** A wrong password that became right, or a right one that became wrong without this process being told, acts within this time, in ms. */
const kept = 60_000
const mostKept = 10_000

export function createCredentialCache({ clock, ids }: { readonly clock: Clock; readonly ids: Ids }): CredentialCache {
  const entries = createLru<string, Entry>({ capacity: mostKept })
  // Of this process alone: from a key that gets anywhere no password can be guessed. Whoever reads all of the memory has the secret too, and for a
  // minute the headers themselves (http/credentials).
  const secretOfProcess = ids.object() + ids.object()

  function live(key: string): Entry | undefined {
    const entry = entries.get(key)
    if (entry === undefined || clock.monotonic() < entry.until) return entry
    entries.delete(key)
    return undefined
  }

  // With the length of the name: no two pairs are one text. 0.4 µs and more; an HMAC takes 2.
  const newKey = (user: string, secret: string): string => hash('sha256', `${secretOfProcess}${user.length} ${user}${secret}`, 'base64')
  const keys = new WeakMap<object, string>()

  return Object.freeze<CredentialCache>({
    keyOf: (user, secret, sent) => {
      const known = sent && keys.get(sent)
      if (known !== undefined) return known
      const key = newKey(user, secret)
      if (sent !== undefined) keys.set(sent, key)
      return key
    },
    get: (key) => live(key)?.checked,
    set: (key, checked) => {
      const { expiresAt = Infinity } = checked.answer
      const life = Math.min(kept, expiresAt - clock.now())
      if (life > 0) entries.set(key, { checked, until: clock.monotonic() + life })
    },
    renew: (key, checked) => {
      const entry = live(key)
      if (entry !== undefined) entries.set(key, { checked, until: entry.until })
    },
    delete: (key) => void entries.delete(key),
  })
}
