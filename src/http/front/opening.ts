import { parseProxyHeader } from './proxy-header.ts'

/** What the first bytes of a connection are expected to be. */
export interface Expected {
  /** From a proxy that says who calls. */
  readonly proxyHeader: boolean
  readonly tls: boolean
}

/**
 * What is known of a connection by its first bytes. `address` is the client's where a proxy has named one. `first` are the bytes
 * that are for the server.
 */
export type Opening =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'client'; readonly address: string | undefined; readonly first: Buffer }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'malformed'; readonly reason: string }

/** The first byte of a TLS connection: the type of its first record (RFC 8446, section 5.1). */
const tlsHandshake = 22

/** @param bytes all that came so far */
export function parseOpening(bytes: Buffer, { proxyHeader, tls }: Expected): Opening {
  const header = proxyHeader ? parseProxyHeader(bytes) : none
  if (header.kind !== 'whole') return header
  const first = bytes.subarray(header.length)
  if (first.length === 0) return { kind: 'unfinished' }
  return tls && first[0] !== tlsHandshake ? { kind: 'not-tls' } : { kind: 'client', address: header.address, first }
}

const none = { kind: 'whole', length: 0, address: undefined } as const
