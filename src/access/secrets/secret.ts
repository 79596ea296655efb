import { createHash } from 'node:crypto'
import type { Ids } from '../../lib/index.ts'

/** Secrets that Berth makes, by what they are for. The beginning tells it, to people and to programs that look for leaked ones. */
const prefixes = { robot: 'brt_', personal: 'bpt_', key: 'bak_', refresh: 'brf_' } as const

export type SecretKind = keyof typeof prefixes

const form = /^[A-Za-z0-9_-]{43}$/
const length = 47

/** 256 bits that nobody can guess. Shown once; what is kept is its hash. */
export function newSecret(kind: SecretKind, ids: Ids): string {
  return prefixes[kind] + Buffer.from(ids.object() + ids.object(), 'hex').toString('base64url')
}

/** What kind of secret a text is; `malformed` when it only begins like one. Absent for anything else, such as a password. */
export function secretKind(text: string): SecretKind | 'malformed' | undefined {
  for (const [kind, prefix] of Object.entries(prefixes)) {
    if (!text.startsWith(prefix)) continue
    return text.length === length && form.test(text.slice(prefix.length)) ? (kind as SecretKind) : 'malformed'
  }
  return undefined
}

/** As the database keeps it. A secret has 256 bits, so its hash needs no salt and can be looked up. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
