import { expect, test } from 'bun:test'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createManualClock } from '../../lib/index.ts'
import { parseRepositoryName } from '../../oci/index.ts'
import { libtrustId, readOutsideKeys } from './outside-keys.ts'
import { encode, pemOf } from './token-check.testing.ts'
import { createOutsideCheck, withOutside } from './token-outside.ts'

const clock = createManualClock(Date.UTC(2026, 0, 1))
const seconds = clock.now() / 1000
const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
type Algorithm = keyof typeof pairs
const algorithms = Object.keys(pairs) as Algorithm[]
const jwks = JSON.stringify({ keys: algorithms.map((alg) => ({ ...pairs[alg].publicKey.export({ format: 'jwk' }), kid: alg, use: 'sig' })) })
const check = createOutsideCheck({ keys: readOutsideKeys({ jwks }), clock, issuer: 'auth', service: 'registry' })
const claims = {
  iss: 'auth', sub: 'alice', aud: 'registry', exp: seconds + 300, nbf: seconds, iat: seconds, jti: 'x',
  access: [{ type: 'repository', class: '', name: 'team/app', actions: ['pull', 'push'] }],
}

function signed(key: KeyObject, alg: string, header: object, body: unknown = claims): string {
  const text = `${encode({ typ: 'JWT', alg, ...header })}.${encode(body)}`
  const bytes = Buffer.from(text)
  const made = alg === 'EdDSA' ? sign(null, bytes, key) : sign('sha256', bytes, alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key)
  return `${text}.${made.toString('base64url')}`
}

test.each(algorithms)('a token signed with a key of the set is taken, and not with another algorithm: %s', (alg) => {
  const { privateKey, publicKey } = pairs[alg]
  expect(check.bearer(signed(privateKey, alg, { kid: alg }))).toMatchObject({ caller: { name: 'alice', access: [{ name: 'team/app' }] } })
  for (const other of ['none', 'HS256', 'PS256', 'RS512', ...algorithms.filter((each) => each !== alg)]) {
    const text = signed(privateKey, alg, { kid: alg, alg: other })
    expect(check.bearer(text)).toMatchObject({ failed: 'wrong' })
  }
  for (const pem of [pemOf(publicKey), `\n${pemOf(publicKey)}`, `\ufeff${pemOf(publicKey)}`, pemOf(publicKey).replaceAll('\n', '\r\n')]) {
    const text = `${encode({ alg: 'HS256', kid: alg, typ: 'JWT' })}.${encode(claims)}`
    expect(check.bearer(`${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`)).toMatchObject({ failed: 'wrong' })
  }
})

test.each(['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'cty', 'enc'])('what names a key in the token keeps it out: %s', (name) => {
  expect(check.bearer(signed(pairs.ES256.privateKey, 'ES256', { kid: 'ES256', [name]: [] }))).toEqual({ failed: 'wrong' })
})

test.each([
  ['of another issuer', { iss: 'other' }],
  ['for another service', { aud: 'registry2' }],
  ['for other services', { aud: ['a', 'b'] }],
  ['without an end', { exp: undefined }],
  ['without a beginning', { iat: undefined }],
  ['with a fraction for an end', { exp: seconds + 0.5 }],
  ['with an access that is none', { access: 'all' }],
  ['to come', { nbf: seconds + 61 }],
])('a token %s is refused', (_, changes) => {
  expect(check.bearer(signed(pairs.EdDSA.privateKey, 'EdDSA', { kid: 'EdDSA' }, { ...claims, ...changes }))).toEqual({ failed: 'wrong' })
})

test('no kid, an unknown one, and that of another key are refused; an ended token is said to have ended', () => {
  const { privateKey } = pairs.RS256
  for (const header of [{}, { kid: 'none' }, { kid: 'ES256' }, { kid: 1 }]) expect(check.bearer(signed(privateKey, 'RS256', header))).toEqual({ failed: 'wrong' })
  expect(check.bearer(signed(privateKey, 'RS256', { kid: 'RS256' }, { ...claims, iat: seconds - 900, nbf: seconds - 900, exp: seconds - 600 }))).toEqual({ failed: 'expired' })
  expect(check.bearer(signed(privateKey, 'RS256', { kid: 'RS256' }, { ...claims, access: undefined }))).toMatchObject({ caller: { access: [] } })
  expect(check.bearer(signed(privateKey, 'RS256', { kid: 'RS256' }, { ...claims, aud: ['x', 'registry'] }))).toMatchObject({ caller: { name: 'alice' } })
})

test('keys in PEM are known by their fingerprint, and keys that nobody should sign with are not taken', () => {
  const { publicKey, privateKey } = pairs.ES256
  const keys = readOutsideKeys({ certificates: `\ufeff\n${pemOf(publicKey)}\n` })
  expect(libtrustId(publicKey)).toMatch(/^(?:[A-Z2-7]{4}:){11}[A-Z2-7]{4}$/)
  const own = createOutsideCheck({ keys, clock, issuer: 'auth', service: 'registry' })
  expect(own.bearer(signed(privateKey, 'ES256', { kid: libtrustId(publicKey) }))).toMatchObject({ caller: { name: 'alice' } })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  expect(() => readOutsideKeys({ certificates: pemOf(short) })).toThrow('2048 bits')
  expect(() => readOutsideKeys({ certificates: 'nothing' })).toThrow('there is no key in it')
  expect(() => readOutsideKeys({ jwks: '[]' })).toThrow('no JSON Web Key Set')
  expect(() => readOutsideKeys({ jwks: JSON.stringify({ keys: [{ kty: 'oct', kid: 'x', k: 'c2VjcmV0' }] }) })).toThrow('there is no key in it')
})

test('its access alone decides, name by name', async () => {
  const authorize = withOutside(() => ({ allowed: false, rule: 'no grant' }))
  const access = [
    { type: 'repository', name: 'team/app', actions: ['pull'] },
    { type: 'repository', name: 'team/all', actions: ['*'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ]
  const ask = async (action: 'pull' | 'push' | 'delete' | 'list', name?: string, principal: object | undefined = { outside: true, name: 'alice', access }) => {
    const repository = name === undefined ? undefined : parseRepositoryName(name)
    return (await authorize({ actor: { principal, credential: 'bearer', address: '' }, action, namespace: undefined, repository })).allowed
  }
  expect([await ask('pull', 'team/app'), await ask('push', 'team/app'), await ask('pull', 'team/app2'), await ask('delete', 'team/all'), await ask('list')]).toEqual([true, false, false, true, true])
  expect(await ask('pull', 'team/app', { name: 'alice' })).toBe(false)
})
