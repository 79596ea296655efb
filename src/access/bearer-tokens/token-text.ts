import { type KeyObject, sign, verify } from 'node:crypto'
import { type JsonObject, parseStrictJson } from '../../oci/index.ts'

/** A token taken apart. Nothing in it is believed before its signature was checked. */
export interface TokenParts {
  readonly header: JsonObject
  /** The claims as they came, to be read once the signature was checked. */
  readonly payload: Uint8Array
  /** What was signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** Characters. More than a proxy takes of a header is no token of ours, and whoever sends more makes us work. */
export const longestToken = 8 * 1024

/** Ours hold far less. */
const jsonLimits = { depth: 5, values: 1024 }

/** Three parts of base64url, none of them empty: the alphabet alone keeps whitespace, padding and further dots out. */
const compact = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/**
 * Takes a token in JWS compact form apart (RFC 7515, section 7.1). Each part has to be written in the one way that base64url has for
 * its bytes, so that no two texts are the same token.
 * @returns absent when it is none
 */
export function parseToken(text: string): TokenParts | undefined {
  if (text.length > longestToken) return undefined
  const [, header = '', payload = '', signature = ''] = compact.exec(text) ?? []
  const parts = [header, payload, signature].map(decode)
  const [headerBytes, payloadBytes, signatureBytes] = parts
  if (headerBytes === undefined || payloadBytes === undefined || signatureBytes === undefined) return undefined
  const parsed = readJson(headerBytes)
  if (parsed === undefined) return undefined
  return { header: parsed, payload: payloadBytes, signed: Buffer.from(`${header}.${payload}`, 'latin1'), signature: signatureBytes }
}

/** One JSON object that no two programs can read differently; absent when it is none. */
export function readJson(bytes: Uint8Array): JsonObject | undefined {
  try {
    return parseStrictJson(bytes, jsonLimits)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function decode(part: string): Uint8Array | undefined {
  if (part === '') return undefined
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : undefined
}

/** How signatures are made and checked, by what a key is. Never by what a token says. */
export type TokenAlgorithm = 'EdDSA' | 'ES256' | 'RS256'

/** The one algorithm that a key is for; absent for a key that no token may be signed with. */
export function algorithmOf(key: KeyObject): TokenAlgorithm | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (key.type === 'secret') return undefined
  if (type === 'ed25519') return 'EdDSA'
  if (type === 'ec') return details?.namedCurve === 'prime256v1' ? 'ES256' : undefined
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048 ? 'RS256' : undefined
  return undefined
}

export function isSignedBy(key: KeyObject, algorithm: TokenAlgorithm, { signed, signature }: TokenParts): boolean {
  switch (algorithm) {
    case 'EdDSA':
      return signature.length === 64 && verify(null, signed, key, signature)
    case 'ES256':
      return signature.length === 64 && verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'RS256':
      return verify('sha256', signed, key, signature)
  }
}

/** A token signed with an Ed25519 key. */
export function signToken(key: KeyObject, id: string, claims: object): string {
  const text = `${encode({ alg: 'EdDSA', kid: id, typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${sign(null, Buffer.from(text, 'latin1'), key).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
