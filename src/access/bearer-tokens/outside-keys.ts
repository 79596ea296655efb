import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { thumbprint } from './token-keys.ts'
import { algorithmOf, readJson, type TokenAlgorithm } from './token-text.ts'

/** What tokens of another token service may be signed with. */
export interface OutsideKeys {
  /** By their ids, which tokens name in `kid`. */
  readonly byId: ReadonlyMap<string, { readonly key: KeyObject; readonly algorithm: TokenAlgorithm }>
  /** What chains of certificates in tokens have to end in. */
  readonly roots: readonly X509Certificate[]
}

export interface OutsideKeyTexts {
  /** Certificates and public keys in PEM. */
  readonly certificates?: string | undefined
  /** A JSON Web Key Set. */
  readonly jwks?: string | undefined
}

const block = /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[^-]*-----END \1-----/g

/**
 * The keys that a token service signs with. Those in PEM are known by their fingerprint as libtrust writes it and by their RFC 7638
 * thumbprint, those of a key set by their `kid`.
 * @throws Error that says what is wrong: a key that no token may be signed with, two keys under one id, none at all
 */
export function readOutsideKeys({ certificates, jwks }: OutsideKeyTexts): OutsideKeys {
  const keys = new Map<string, { readonly key: KeyObject; readonly algorithm: TokenAlgorithm }>()
  const add = (key: KeyObject, ids: readonly string[]): void => {
    const algorithm = algorithmOf(key)
    if (algorithm === undefined) throw new Error('one of the keys is neither ES256, EdDSA nor RS256 with at least 2048 bits')
    for (const id of ids) {
      if (keys.get(id)?.key.equals(key) === false) throw new Error(`two keys have the id ${id}`)
      keys.set(id, { key, algorithm })
    }
  }
  const roots: X509Certificate[] = []
  for (const [text, kind] of certificates?.matchAll(block) ?? []) {
    const certificate = kind === 'CERTIFICATE' ? new X509Certificate(text) : undefined
    if (certificate !== undefined) roots.push(certificate)
    const key = certificate?.publicKey ?? createPublicKey(text)
    add(key, [libtrustId(key), thumbprint({ ...key.export({ format: 'jwk' }) })])
  }
  for (const jwk of jwks === undefined ? [] : keysOf(jwks)) add(createPublicKey({ key: jwk, format: 'jwk' }), [jwk.kid])
  if (keys.size === 0) throw new Error('there is no key in it')
  return Object.freeze({ byId: keys, roots })
}

interface NamedJwk {
  readonly kid: string
  readonly kty: string
}

/** Those to encrypt with, or with a secret in them, are no keys to check with. */
function keysOf(text: string): readonly NamedJwk[] {
  const { keys } = readJson(Buffer.from(text)) ?? {}
  if (!Array.isArray(keys)) throw new Error('it is no JSON Web Key Set')
  return keys.filter(isNamed)
}

function isNamed(value: unknown): value is NamedJwk {
  if (typeof value !== 'object' || value === null) return false
  const { kid, kty, use = 'sig', d, k } = value as Readonly<Record<string, unknown>>
  return typeof kid === 'string' && typeof kty === 'string' && use === 'sig' && d === undefined && k === undefined
}

/** The first 240 bits of the SHA-256 of the key, in base32, in groups of four. */
export function libtrustId(key: KeyObject): string {
  const digest = createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest().subarray(0, 30)
  const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)]).join('')
  return (letters.match(/.{4}/g) ?? []).join(':')
}
