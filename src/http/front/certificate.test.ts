import { expect, test } from 'bun:test'
import { createPrivateKey } from 'node:crypto'
import { CertificateError, parseCertificate } from './certificate.ts'
import { makeCertificate } from './certificates.testing.ts'

const now = Date.UTC(2026, 5, 1)
const day = 86_400_000
const own = makeCertificate({ from: now - day, until: now + day })
const paths = { certificate: '/etc/berth/cert.pem', key: '/etc/berth/key.pem' }
const parse = (chain: string, key: string, at = now) => parseCertificate(paths, chain, key, at)

function faultOf(chain: string, key: string, at?: number): unknown {
  try {
    return parse(chain, key, at)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return [error.code, error.setting, error.message]
  }
}

test('a certificate and its key are taken, with what leads to the issuer behind it', () => {
  expect(parse(own.chain, own.key)).toEqual({
    chain: own.chain,
    key: own.key,
    names: 'DNS:localhost, IP Address:127.0.0.1',
    expires: now + day,
  })
  const issuer = makeCertificate()
  expect(parse(`# my chain\n${own.chain}\n${issuer.chain}`, own.key).names).toContain('localhost')
})

test('what cannot be used is named, with the key of the configuration and the file', () => {
  const other = makeCertificate()
  const broken = own.chain.replace(/\n.{64}\n/, '\nAAAA\n')
  const locked = createPrivateKey(own.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string
  expect(faultOf('', own.key)).toMatchObject(['certificate-not-pem', 'tls.certificate', expect.stringContaining('/etc/berth/cert.pem')])
  expect(faultOf(own.key, own.chain)).toMatchObject(['certificate-not-pem', 'tls.certificate', expect.anything()])
  expect(faultOf(broken, own.key)).toMatchObject(['certificate-not-pem', 'tls.certificate', expect.anything()])
  expect(faultOf(own.chain + broken, own.key)).toMatchObject(['certificate-not-pem', 'tls.certificate', expect.anything()])
  expect(faultOf(own.chain, 'no key')).toMatchObject(['certificate-not-pem', 'tls.key', expect.stringContaining('/etc/berth/key.pem')])
  expect(faultOf(own.chain, locked)).toMatchObject(['certificate-encrypted', 'tls.key', expect.anything()])
  const mismatch = 'tls.key /etc/berth/key.pem: is not the key of the certificate in /etc/berth/cert.pem'
  expect(faultOf(own.chain, other.key)).toEqual(['certificate-mismatch', 'tls.key', mismatch])
  const expired = 'tls.certificate /etc/berth/cert.pem: has expired at 2026-06-02T00:00:00.000Z'
  expect(faultOf(own.chain, own.key, now + day)).toEqual(['certificate-expired', 'tls.certificate', expired])
  expect(faultOf(own.chain, own.key, now - 2 * day)).toMatchObject(['certificate-not-yet', 'tls.certificate', expect.anything()])
})

test('no message holds any of the key', () => {
  const broken = own.key.replace('\n', '\nAAAA')
  expect(JSON.stringify(faultOf(own.chain, broken))).not.toContain(own.key.slice(40, 60))
})
