import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface TestCertificate {
  /** PEM; signed with its own key, so that it serves clients as their CA as well. */
  readonly chain: string
  readonly key: string
}

export interface TestCertificateOptions {
  readonly name?: string
  /** Wall time in ms. */
  readonly from?: number
  readonly until?: number
}

const day = 86_400_000

/** A certificate for `localhost` and 127.0.0.1, made here so that none lies about. `now` is the machine's clock unless told. */
export function makeCertificate({ name = 'localhost', from, until }: TestCertificateOptions = {}): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = sequence(tlv(0x31, sequence(hex('0603550403'), tlv(0x0c, Buffer.from(name)))))
  const validity = sequence(time(from ?? Date.now() - day), time(until ?? Date.now() + day))
  const names = sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = sequence(
    sequence(hex('0603551d11'), tlv(0x04, names)),
    sequence(hex('0603551d13'), hex('0101ff'), tlv(0x04, sequence(hex('0101ff')))),
  )
  const signed = sequence(
    tlv(0xa0, hex('020102')),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    subject,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, extensions),
  )
  const signature = sign('sha256', signed, privateKey)
  const der = sequence(signed, ecdsaWithSha256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const body = der.toString('base64').match(/.{1,64}/g)?.join('\n')
  return {
    chain: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const ecdsaWithSha256 = hex('300a06082a8648ce3d040302')
const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts))
const time = (ms: number): Buffer => tlv(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`))

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}
