import { expect, test } from 'bun:test'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { createGenerator } from '../../lib/index.ts'
import { alice, createTestCheck, encode, forge, pemOf } from './token-check.testing.ts'

const t = createTestCheck()
const { header, claims, key, seconds } = t
const good = forge(key.privateKey, header, claims)
const [head = '', body = '', signature = ''] = good.split('.')
const stranger = generateKeyPairSync('ed25519')
const other = forge(key.privateKey, header, { ...claims, sub: 'bob' })

/** Signed with the right key: what is wrong with it is all that keeps it out. */
const says = (changes: object): string => forge(key.privateKey, header, { ...claims, ...changes })
const without = (name: keyof typeof claims): string => {
  const { [name]: _, ...rest } = claims
  return forge(key.privateKey, header, rest)
}
const headed = (changes: object): string => forge(key.privateKey, { ...header, ...changes }, claims)
const hmac = (secret: string | Buffer, alg: string): string => {
  const text = `${encode({ ...header, alg })}.${body}`
  return `${text}.${createHmac(`sha${alg.slice(2)}`, secret).update(text).digest('base64url')}`
}
const raw = Buffer.from(key.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
const json = JSON.stringify(claims)
const entry = claims.access[0]
const jwk = stranger.publicKey.export({ format: 'jwk' })
const byStranger = (changes: object): string => forge(stranger.privateKey, { ...header, ...changes }, claims)
const bits = (text: string, at: number): string => `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
/** The last character of a signature has four bits that decode to nothing. */
const loose = `${head}.${body}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`

const forged: Readonly<Record<string, string>> = {
  'alg none, no signature': `${encode({ ...header, alg: 'none' })}.${body}.`,
  'alg none, two parts': `${encode({ ...header, alg: 'none' })}.${body}`,
  'alg None with a signature': headed({ alg: 'None' }),
  'alg NONE, the old signature': `${encode({ ...header, alg: 'NONE' })}.${body}.${signature}`,
  'alg nOnE, unsigned': `${encode({ ...header, alg: 'nOnE' })}.${body}.AA`,
  'HS256 with the public key in PEM': hmac(pemOf(key.publicKey), 'HS256'),
  'HS256 with a newline before the PEM': hmac(`\n${pemOf(key.publicKey)}`, 'HS256'),
  'HS384 with the public key in PEM': hmac(pemOf(key.publicKey), 'HS384'),
  'HS512 with the public key, raw': hmac(raw, 'HS512'),
  'HS256 with the id of the key': hmac(key.id, 'HS256'),
  'HS256 with nothing': hmac('', 'HS256'),
  'alg ES256': headed({ alg: 'ES256' }),
  'alg RS256': headed({ alg: 'RS256' }),
  'alg PS256': headed({ alg: 'PS256' }),
  'alg eddsa': headed({ alg: 'eddsa' }),
  'alg Ed25519': headed({ alg: 'Ed25519' }),
  'alg a list': headed({ alg: ['EdDSA'] }),
  'alg absent': forge(key.privateKey, { kid: key.id, typ: 'JWT' }, claims),
  'alg twice': forge(key.privateKey, `{"alg":"none","alg":"EdDSA","kid":"${key.id}","typ":"JWT"}`, claims),
  'kid of nobody': headed({ kid: 'another' }),
  'kid absent': forge(key.privateKey, { alg: 'EdDSA', typ: 'JWT' }, claims),
  'kid empty': headed({ kid: '' }),
  'kid a number': headed({ kid: 1 }),
  'kid a path': headed({ kid: '../../../../dev/null' }),
  'kid SQL': headed({ kid: `x' union select 'the-key` }),
  'kid with a NUL': headed({ kid: `${key.id}\0` }),
  'kid in capitals': headed({ kid: key.id.toUpperCase() }),
  'kid with a space': headed({ kid: ` ${key.id}` }),
  'kid of the prototype': headed({ kid: '__proto__' }),
  'kid twice': forge(key.privateKey, `{"alg":"EdDSA","kid":"x","kid":"${key.id}","typ":"JWT"}`, claims),
  'jwk of the forger, their signature': byStranger({ jwk }),
  'jwk of the forger, without kid': forge(stranger.privateKey, { alg: 'EdDSA', typ: 'JWT', jwk }, claims),
  'jwk beside the right signature': headed({ jwk: key.publicKey.export({ format: 'jwk' }) }),
  jku: byStranger({ jku: 'https://attacker.test/jwks.json' }),
  x5u: byStranger({ x5u: 'https://attacker.test/chain.pem' }),
  x5c: byStranger({ x5c: ['MIIB'] }),
  'x5c beside the right signature': headed({ x5c: [] }),
  'crit unknown': headed({ crit: ['exp'], exp: 1 }),
  'crit empty': headed({ crit: [] }),
  'b64 false': headed({ b64: false, crit: ['b64'] }),
  'zip': headed({ zip: 'DEF' }),
  'cty of a nested token': forge(key.privateKey, { ...header, cty: 'JWT' }, encode(good)),
  'typ of another kind': headed({ typ: 'at+jwt' }),
  'the form of JWE': `${encode({ alg: 'dir', enc: 'A256GCM' })}..AA.AA.AA`,
  'four parts': `${good}.${signature}`,
  'millions of dots': '.'.repeat(8000),
  'an empty header': `.${body}.${signature}`,
  'an empty body': `${head}..${signature}`,
  'an empty signature': `${head}.${body}.`,
  'the signature of another token': `${head}.${body}.${other.split('.')[2]}`,
  'the body of another token': `${head}.${other.split('.')[1]}.${signature}`,
  'signed by a stranger': byStranger({}),
  'a signature of zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
  'a signature too short': `${head}.${body}.${Buffer.from(signature, 'base64url').subarray(0, 63).toString('base64url')}`,
  'a signature too long': `${head}.${body}.${Buffer.concat([Buffer.from(signature, 'base64url'), Buffer.alloc(1)]).toString('base64url')}`,
  'a signature over the body alone': `${head}.${body}.${sign(null, Buffer.from(body), key.privateKey).toString('base64url')}`,
  'loose bits at the end of the signature': loose,
  'padding': `${good}==`,
  'base64 that is not base64url': `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
  'a newline within': `${head}.\n${body}.${signature}`,
  'a bit of the header': `${bits(head, 5)}.${body}.${signature}`,
  'a bit of the body': `${head}.${bits(body, 20)}.${signature}`,
  'a body that is no JSON': forge(key.privateKey, header, 'claims'),
  'a body that is a list': forge(key.privateKey, header, [claims]),
  'a body with a byte order mark': forge(key.privateKey, header, `\ufeff${json}`),
  'sub twice': forge(key.privateKey, header, json.replace('"sub"', '"sub":"bob","sub"')),
  'exp twice': forge(key.privateKey, header, json.replace('"exp"', `"exp":${seconds - 900},"exp"`)),
  'exp twice, one escaped': forge(key.privateKey, header, json.replace('"exp"', `"\\u0065xp":${seconds - 900},"exp"`)),
  'nested too deep': says({ more: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) as unknown }),
  'exp over': says({ exp: seconds - 61, iat: seconds - 400, nbf: seconds - 400 }),
  'exp absent': without('exp'),
  'exp null': says({ exp: null }),
  'exp a fraction': says({ exp: seconds + 300.5 }),
  'exp a text': says({ exp: String(seconds + 300) }),
  'exp 2^53': says({ exp: 2 ** 53 }),
  'exp without end': forge(key.privateKey, header, json.replace(`"exp":${seconds + 300}`, '"exp":1e400')),
  'exp negative': says({ exp: -1 }),
  'exp before iat': says({ exp: seconds + 10, iat: seconds + 20 }),
  'exp a list': says({ exp: [seconds + 300] }),
  'iat absent': without('iat'),
  'iat a fraction': says({ iat: seconds - 0.5 }),
  'iat a text': says({ iat: String(seconds) }),
  'iat to come': says({ iat: seconds + 61 }),
  'nbf to come': says({ nbf: seconds + 61 }),
  'nbf a text': says({ nbf: 'now' }),
  'nbf a fraction': says({ nbf: seconds + 0.25 }),
  'iss of another registry': says({ iss: 'berth:there' }),
  'iss absent': without('iss'),
  'iss a list': says({ iss: ['berth:here'] }),
  'aud of another registry': says({ aud: 'berth:there' }),
  'aud absent': without('aud'),
  'aud that begins alike': says({ aud: 'berth:here.attacker.test' }),
  'aud in capitals': says({ aud: 'BERTH:HERE' }),
  'aud an object': says({ aud: { 'berth:here': true } }),
  'sub a number': says({ sub: 7 }),
  'access absent': without('access'),
  'access an object': says({ access: { 0: entry } }),
  'access with a text in it': says({ access: ['repository:team/app:pull'] }),
  'access with an action that is no list': says({ access: [{ ...entry, actions: 'pull' }] }),
  'access with a project that is no id': says({ access: [{ ...entry, project: '5' }] }),
  'access with a project below zero': says({ access: [{ ...entry, project: -5 }] }),
  'holder absent': without('holder'),
  'holder a name': says({ holder: 'alice' }),
  'holder of an unknown kind': says({ holder: { ...claims.holder, kind: 'group' } }),
  'holder with a fraction for an id': says({ holder: { ...claims.holder, id: 7.5 } }),
  'holder of another version': says({ holder: { ...claims.holder, version: 2 } }),
  'holder that is nobody': says({ holder: { ...claims.holder, id: 8 } }),
  'holder in a list': says({ holder: [claims.holder] }),
  'longer than a token is': says({ jti: 'x'.repeat(8192) }),
  '64 KB': `${head}.${encode(`{"x":"${'y'.repeat(48 * 1024)}"}`)}.${signature}`,
}

test.each(Object.entries(forged))('a forged token is refused, and its twin is not: %s', async (_name, token) => {
  const fresh = createTestCheck()
  const twin = forge(fresh.key.privateKey, fresh.header, fresh.claims)
  expect(await fresh.check.bearer(twin)).toMatchObject({ principal: { name: 'alice', id: 7 }, credential: 'bearer' })
  expect(await t.check.bearer(good)).toMatchObject({ principal: { name: 'alice', id: 7 } })
  expect(token).not.toBe(good)
  const answer = await t.check.bearer(token)
  expect(['wrong', 'expired', 'malformed']).toContain('failed' in answer ? answer.failed : 'accepted')
})

test('at least 60 of them were made by hand', () => {
  expect(Object.keys(forged).length).toBeGreaterThanOrEqual(60)
})

test('of 100,000 mutated tokens none is accepted, and none takes the place of the one it was made of', async () => {
  const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  const next = createGenerator([seed, 1, 2, 3])
  const below = (n: number): number => next() % n
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ '
  const letter = (): string => alphabet[below(alphabet.length)] ?? ''
  const mutations: ((text: string, at: number) => string)[] = [
    (text, at) => text.slice(0, at) + letter() + text.slice(at + 1),
    (text, at) => text.slice(0, at) + text.slice(at + 1),
    (text, at) => text.slice(0, at) + letter() + text.slice(at),
    (text, at) => text.slice(0, at),
    (text, at) => text.slice(at) + text.slice(0, at),
    (text, at) => text.slice(0, at) + text.slice(at).toUpperCase(),
    (text, at) => text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2),
    (text, at) => text.slice(0, at) + text.slice(Math.max(0, at - 8), at) + text.slice(at),
  ]
  const accepted: string[] = []
  for (let i = 0; i < 100_000; i++) {
    let token = good
    for (let left = 1 + below(3); left > 0; left--) token = mutations[below(mutations.length)]?.(token, below(token.length || 1)) ?? token
    if (token === good) continue
    const answer = await t.check.bearer(token)
    if (!('failed' in answer)) accepted.push(token)
  }
  expect({ seed, accepted }).toEqual({ seed, accepted: [] })
  expect(await t.check.bearer(good)).toMatchObject({ principal: { name: 'alice' } })
}, 180_000)

test('what was checked is answered at once, until rights change: then whoever it names is looked up again', async () => {
  const { check, state, key: own, header: ownHeader, claims: ownClaims } = createTestCheck()
  const token = forge(own.privateKey, ownHeader, ownClaims)
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  expect(check.bearer(token)).not.toBeInstanceOf(Promise)
  expect(state.recalls).toBe(1)
  state.version++
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  expect(state.recalls).toBe(2)
  state.version++
  state.principal = { ...alice, version: 4 }
  expect(await check.bearer(token)).toEqual({ failed: 'expired' })
  state.version++
  state.principal = undefined
  expect(await check.bearer(token)).toEqual({ failed: 'expired' })
})

test('a token ends, also one that was good a moment ago, with a minute for clocks that differ', async () => {
  const { check, clock, key: own, header: ownHeader, claims: ownClaims } = createTestCheck()
  const token = forge(own.privateKey, ownHeader, ownClaims)
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  clock.advance(359_000)
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  clock.advance(1_000)
  expect(await check.bearer(token)).toEqual({ failed: 'expired' })
  expect(await createTestCheck().check.bearer(token)).toEqual({ failed: 'wrong' })
})

test.each([-60, 60])('a clock that is %d s off is let pass', async (skew) => {
  const { check, key: own, header: ownHeader, claims: ownClaims } = createTestCheck()
  const { iat, nbf, exp } = ownClaims
  const token = forge(own.privateKey, ownHeader, { ...ownClaims, iat: iat + skew, nbf: nbf + skew, exp: exp + skew })
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
})

test('it never does more than its scope, in the projects that had those names when it was issued', async () => {
  const answer = await t.check.bearer(good)
  if (!('principal' in answer)) throw new Error('refused')
  const [ceiling] = answer.principal.ceilings
  const allows = (...question: Parameters<NonNullable<typeof ceiling>['allows']>) => ceiling?.allows(...question)
  expect(allows('content.pull', 5, 'app')).toBe(true)
  expect(allows('tag.move', 5, 'app')).toBe(true)
  expect(allows('content.delete', 5, 'app')).toBe(false)
  expect(allows('content.pull', 6, 'app')).toBe(false)
  expect(allows('content.pull', 5, 'app2')).toBe(false)
  expect(allows('content.pull', 5, '')).toBe(false)
  expect(allows('content.pull', undefined, 'app')).toBe(false)
  expect(allows('project.create', undefined, undefined)).toBe(false)
  for (const permission of ['account.write', 'grant.write', 'system.write', 'project.read', 'robot.write'] as const) {
    expect(allows(permission, 5, undefined)).toBe(false)
    expect(allows(permission, undefined, undefined)).toBe(false)
  }
})

test('a token for nobody proves nobody', async () => {
  expect(await t.check.bearer(forge(key.privateKey, header, { ...claims, sub: '', holder: null }))).toMatchObject({ anonymous: true })
})

test('a token from before a project is void in it, unless a push of its owner made it', async () => {
  const unmade = (name: string) => says({ access: [{ type: 'repository', name, actions: ['pull', 'push'], project: null }] })
  const ceilingOf = async (token: string) => {
    const answer = await t.check.bearer(token)
    if (!('principal' in answer)) throw new Error('refused')
    return answer.principal.ceilings.at(-1)
  }
  const mine = await ceilingOf(unmade('mine/app'))
  expect([mine?.allows('content.push', 9, 'app'), mine?.allows('content.push', 8, 'app'), mine?.allows('content.push', 9, 'other')]).toEqual([true, false, false])
  const theirs = await ceilingOf(unmade('theirs/app'))
  expect([theirs?.allows('content.push', 9, 'app'), theirs?.allows('content.pull', 9, 'app')]).toEqual([false, false])
  // Where there is none still, it lets its owner make it.
  expect([theirs?.allows('project.create', undefined, 'app'), theirs?.allows('content.push', undefined, 'app')]).toEqual([true, true])
  // Of this push, and of nothing that makes one by itself.
  expect([theirs?.allows('project.create', undefined, undefined), theirs?.allows('project.create', undefined, 'other')]).toEqual([false, false])
  expect(theirs?.allows('content.push', undefined, 'other')).toBe(false)
})

test('a token ends with the secret behind it, also when that was found out after the token was given', async () => {
  const { check, state, clock, key: own, header: ownHeader, claims: ownClaims } = createTestCheck()
  const token = forge(own.privateKey, ownHeader, ownClaims)
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  state.until = clock.now() + 5_000
  state.version++
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' }, expiresAt: state.until })
  clock.advance(4_999)
  expect(await check.bearer(token)).toMatchObject({ principal: { name: 'alice' } })
  clock.advance(1)
  expect(await check.bearer(token)).toEqual({ failed: 'expired' })
})
