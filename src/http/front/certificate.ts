import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** A certificate with those that lead to its issuer, and its key, both in PEM. */
export interface Certificate {
  readonly chain: string
  readonly key: string
  /** Names and addresses that it is for, as the certificate writes them. */
  readonly names: string
  /** Wall time in ms after which nobody accepts it. */
  readonly expires: number
}

export interface CertificatePaths {
  readonly certificate: string
  readonly key: string
}

export type CertificateFault = 'unreadable' | 'not-pem' | 'encrypted' | 'mismatch' | 'expired' | 'not-yet'

/** Why a certificate cannot be used. `code` is `certificate-` and the fault. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly code: `certificate-${CertificateFault}`
  /** The key of the configuration that is to be looked at. */
  readonly setting: 'tls.certificate' | 'tls.key'
  readonly file: string

  constructor(fault: CertificateFault, setting: CertificateError['setting'], file: string, reason: string, cause?: unknown) {
    super(`${setting} ${file}: ${reason}`, { cause })
    this.code = `certificate-${fault}`
    this.setting = setting
    this.file = file
  }
}

/** Takes what two files hold, if a server can use it at `now`. Fails with a CertificateError. */
export function parseCertificate(paths: CertificatePaths, chain: string, key: string, now: number): Certificate {
  const { leaf, names, from, until } = parseLeaf(paths.certificate, chain)
  const privateKey = parseKey(paths.key, key)
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError('mismatch', 'tls.key', paths.key, `is not the key of the certificate in ${paths.certificate}`)
  }
  const fault = (code: 'expired' | 'not-yet', reason: string) => new CertificateError(code, 'tls.certificate', paths.certificate, reason)
  if (until <= now) throw fault('expired', `has expired at ${new Date(until).toISOString()}`)
  if (from > now) throw fault('not-yet', `is not valid before ${new Date(from).toISOString()}`)
  return Object.freeze({ chain, key, names, expires: until })
}

/** Every certificate of the file must be one: Bun would find out when it is too late. The first is the server's own. */
function parseLeaf(file: string, chain: string) {
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    const [leaf] = blocks.map((block) => new X509Certificate(block))
    if (leaf === undefined) throw new Error('there is no certificate in it')
    const names = leaf.subjectAltName ?? leaf.subject
    return { leaf, names, from: leaf.validFromDate.getTime(), until: leaf.validToDate.getTime() }
  } catch (error) {
    throw new CertificateError('not-pem', 'tls.certificate', file, `holds no certificate in PEM: ${reasonOf(error)}`, error)
  }
}

function parseKey(file: string, key: string): KeyObject {
  if (/ENCRYPTED/.test(key)) throw new CertificateError('encrypted', 'tls.key', file, 'is encrypted: nobody could type its passphrase')
  try {
    return createPrivateKey(key)
  } catch (error) {
    throw new CertificateError('not-pem', 'tls.key', file, `holds no private key in PEM: ${reasonOf(error)}`, error)
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
