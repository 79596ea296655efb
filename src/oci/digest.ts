import { excerpt } from '../lib/index.ts'
import { RegistryError } from './errors.ts'

declare const brand: unique symbol

/** A valid digest of an algorithm we store, `sha256:<64 hex>` or `sha512:<128 hex>`, all lower case: safe in a path. */
export type Digest = string & { readonly [brand]: 'Digest' }

export type DigestAlgorithm = 'sha256' | 'sha512'

/** Collects content chunk by chunk. */
export interface Hasher {
  update(chunk: Uint8Array): void
  /** The digest of everything so far; the hasher is used up by it. */
  digest(): Digest
}

const supported = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/
const longest = 'sha512:'.length + 128
/** The grammar of any digest (image-spec, descriptor.md, "Digests"), to tell an unknown algorithm from garbage. */
const grammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

/**
 * @throws RegistryError `DIGEST_INVALID` for bad syntax and for algorithms other than sha256 and sha512
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new RegistryError('DIGEST_INVALID', { message: digestProblem(text), detail: { digest: text.slice(0, longest) } })
}

/** The same test without an error, for places where something else may stand. */
export function isDigest(text: string): text is Digest {
  return text.length <= longest && supported.test(text)
}

/** For a person: why the text is no digest that we store. */
export function digestProblem(text: string): string {
  const algorithm = text.slice(0, Math.max(0, text.slice(0, longest).indexOf(':')))
  if (algorithm === 'sha256' || algorithm === 'sha512') {
    const digits = algorithm === 'sha256' ? 64 : 128
    return `the digest ${excerpt(text)} is not valid: ${algorithm} takes exactly ${digits} lower-case hexadecimal digits`
  }
  if (text.length <= 512 && grammar.test(text)) return unsupported(algorithm)
  return `${excerpt(text)} is not a digest: write algorithm, ":" and hash in lower-case hexadecimal, such as sha256:44136fa3...`
}

function unsupported(algorithm: string): string {
  return `the digest algorithm ${excerpt(algorithm)} is not supported: this registry stores sha256 and sha512`
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512'
}

/** The part after the colon. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

/** The digest of bytes that are all in memory. */
export function digestBytes(bytes: Uint8Array, algorithm: DigestAlgorithm): Digest {
  return `${algorithm}:${Bun.CryptoHasher.hash(algorithm, bytes, 'hex')}` as Digest
}

export function createHasher(algorithm: DigestAlgorithm): Hasher {
  const hasher = new Bun.CryptoHasher(algorithm)
  return Object.freeze({
    update(chunk: Uint8Array): void {
      hasher.update(chunk)
    },
    digest: () => `${algorithm}:${hasher.digest('hex')}` as Digest,
  })
}

/**
 * The value of `digest-algorithm=` when an upload starts (distribution-spec main, "Pushing blobs").
 * @throws RegistryError `DIGEST_INVALID` for anything but sha256 and sha512
 */
export function parseDigestAlgorithm(text: string): DigestAlgorithm {
  if (text === 'sha256' || text === 'sha512') return text
  throw new RegistryError('DIGEST_INVALID', { message: unsupported(text) })
}
