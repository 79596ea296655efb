export type Algorithm = 'sha256' | 'sha512'

/** `sha256:<hex>` of bytes or of text in UTF-8. */
export function digestOf(content: Uint8Array | string, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest('hex')}`
}
