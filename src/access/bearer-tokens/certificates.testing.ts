import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'

export interface TestCertificate {
  readonly name: string
  readonly key: KeyObject
  readonly publicKey: KeyObject
  readonly certificate: X509Certificate
  /** As `x5c` has it. */
  readonly text: string
}

export interface TestCertificateOptions {
  readonly name: string
  /** Absent: its own. */
  readonly issuer?: TestCertificate
  readonly ca: boolean
  /** Ms since the epoch. */
  readonly from: number
  readonly until: number
}

/** A certificate of a new P-256 key, made here so that none lies about. */
export function makeCertificate({ name, issuer, ca, from, until }: TestCertificateOptions): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const constraints = ca ? tlv(0x30, hex('0101ff')) : tlv(0x30)
  const extension = tlv(0x30, hex('0603551d13'), hex('0101ff'), tlv(0x04, constraints))
  const version = tlv(0xa0, hex('020102'))
  const serial = tlv(0x02, Buffer.from([1]), randomBytes(8))
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const validity = tlv(0x30, time(from), time(until))
  const signed = tlv(0x30, version, serial, ecdsaWithSha256, subject(issuer?.name ?? name), validity, subject(name), spki, tlv(0xa3, tlv(0x30, extension)))
  const signature = sign('sha256', signed, issuer?.key ?? privateKey)
  const der = tlv(0x30, signed, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature))
  return { name, key: privateKey, publicKey, certificate: new X509Certificate(der), text: der.toString('base64') }
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const ecdsaWithSha256 = hex('300a06082a8648ce3d040302')
const subject = (name: string): Buffer => tlv(0x30, tlv(0x31, tlv(0x30, hex('0603550403'), tlv(0x0c, Buffer.from(name)))))
const time = (ms: number): Buffer => tlv(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}
