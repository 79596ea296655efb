import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { within } from '../rig/poll.ts'
import { pushTagged } from './v2-cases.ts'
import { type Ask, World } from './world.ts'

setDefaultTimeout(120_000)

/** The attacker: somebody with credentials that are none, in all shapes. */
let world: World
let project: string
let tag: string
let bearer: string
beforeAll(async () => {
  world = await World.create()
  project = await world.project('public')
  tag = (await pushTagged(world, `${project}/app`)).tag
  bearer = await tokenOf('guest')
})
afterAll(() => world.dispose())

async function tokenOf(identity: 'guest' | 'admin', scope = `repository:${project}/app:pull,push`): Promise<string> {
  const answer = await world.send(world.credentialOf(identity, project), { method: 'GET', path: `/token?scope=${scope}` })
  return ((await answer.json()) as { token: string }).token
}

const encoded = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64')
const good = (): string => {
  const { user = '', secret = '' } = world.credentialOf('guest', project) ?? {}
  return encoded(`${user}:${secret}`)
}

const malformed: Readonly<Record<string, () => string>> = {
  nothing: () => '',
  'a space': () => ' ',
  'Basic alone': () => 'Basic',
  'Basic and a space': () => 'Basic ',
  'no base64': () => 'Basic !!!!',
  'base64 without a colon in it': () => `Basic ${encoded('guest')}`,
  'base64 cut off': () => `Basic ${good().slice(0, -3)}`,
  'base64 with a space in it': () => `Basic ${good().slice(0, 4)} ${good().slice(4)}`,
  'base64 with padding in the middle': () => `Basic ${good().slice(0, 4)}==${good().slice(4)}`,
  'base64url': () => `Basic ${encoded('guest:\u{3f}\u{ff}~~').replaceAll('+', '-').replaceAll('/', '_')}_`,
  'no UTF-8': () => `Basic ${encoded(new Uint8Array([0xff, 0xfe, 0x3a, 0x61]))}`,
  'overlong UTF-8': () => `Basic ${encoded(new Uint8Array([0xc1, 0xa1, 0x3a, 0x61]))}`,
  'a NUL in the user': () => `Basic ${encoded('guest\0:x')}`,
  'a NUL in the password': () => `Basic ${encoded('guest:x\0')}`,
  'a line end in the user': () => `Basic ${encoded('guest\n:x')}`,
  'an escape in the user': () => `Basic ${encoded('\u001b[2Jguest:x')}`,
  'no user': () => `Basic ${encoded(':x')}`,
  'no password': () => `Basic ${encoded('guest:')}`,
  'nothing but a colon': () => `Basic ${encoded(':')}`,
  'a user of 5,000 letters': () => `Basic ${encoded(`${'a'.repeat(5_000)}:x`)}`,
  'a password of 5,000 letters': () => `Basic ${encoded(`guest:${'a'.repeat(5_000)}`)}`,
  'a password of 64 KB': () => `Basic ${encoded(`guest:${'a'.repeat(65_536)}`)}`,
  'two that are right': () => `Basic ${good()}, Basic ${good()}`,
  'a right one and a token': () => `Basic ${good()}, Bearer ${bearer}`,
  'a right one and a semicolon': () => `Basic ${good()};`,
  'the right one as a token': () => `Bearer ${good()}`,
  'the token as a password': () => `Basic ${encoded(`guest:${bearer}`)}`,
  'the token as user and password': () => `Basic ${encoded(`<token>:${bearer}`)}`,
  'the right one without its scheme': () => good(),
  'the right one behind a colon': () => `Basic:${good()}`,
  'the right one behind a tab': () => `Basic\t${good()}`,
  'the right one in a scheme that begins alike': () => `Basics ${good()}`,
  'Bearer alone': () => 'Bearer',
  'Bearer and a space': () => 'Bearer ',
  'a token in quotes': () => `Bearer "${bearer}"`,
  'a token with a space in it': () => `Bearer ${bearer.slice(0, 30)} ${bearer.slice(30)}`,
  'a token and a comma': () => `Bearer ${bearer},`,
  'two tokens': () => `Bearer ${bearer}, Bearer ${bearer}`,
  'a token twice': () => `Bearer ${bearer}${bearer}`,
  'a token with a parameter': () => `Bearer token=${bearer}`,
  'a token of 64 KB': () => `Bearer ${'x'.repeat(65_536)}`,
  'a token with 64 KB of claims': () => `Bearer ${bearer.split('.')[0]}.${encoded('x'.repeat(49_152)).replaceAll('=', '')}.${bearer.split('.')[2]}`,
  'a token with 64 KB behind it': () => `Bearer ${bearer}${'A'.repeat(65_536)}`,
  'millions of dots': () => `Bearer ${'.'.repeat(65_536)}`,
  'a token without a signature': () => `Bearer ${bearer.split('.').slice(0, 2).join('.')}.`,
  'a secret of ours as a token': () => `Bearer ${world.credentialOf('guest', project)?.secret ?? ''}`,
  'a refresh token that is none': () => `Bearer brt_${'a'.repeat(43)}`,
  Digest: () => 'Digest username="guest", realm="Berth", nonce="", uri="/", response=""',
  Negotiate: () => 'Negotiate YIIB',
  NTLM: () => 'NTLM TlRMTVNTUAAB',
  AWS4: () => 'AWS4-HMAC-SHA256 Credential=guest/20260101/x/x/aws4_request',
  'a scheme of 8,000 letters': () => `${'B'.repeat(8_000)} x`,
  'letters that no header has': () => 'Basic \u00e9\u00ff',
}

const places: Readonly<Record<string, () => Ask>> = {
  'the base': () => ({ method: 'GET', path: '/v2/' }),
  'a public pull': () => ({ method: 'GET', path: `/v2/${project}/app/manifests/${tag}` }),
  'a push': () => ({ method: 'POST', path: `/v2/${project}/app/blobs/uploads/` }),
  'the catalog': () => ({ method: 'GET', path: '/v2/_catalog' }),
  'who am I': () => ({ method: 'GET', path: '/api/v1/whoami' }),
  'a public list': () => ({ method: 'GET', path: '/api/v1/projects' }),
  'a change': () => ({ method: 'POST', path: '/api/v1/projects', body: { name: 'granted' } }),
  'the token service': () => ({ method: 'GET', path: `/token?scope=repository:${project}/app:pull` }),
}

describe('an Authorization that is none', () => {
  test.each(Object.entries(places))('at %s', async (_, place) => {
    const before = world.rows()
    const wrong: string[] = []
    for (const [what, header] of Object.entries(malformed)) {
      const { headers = {}, ...ask } = place()
      const answer = await within(what, 30_000, world.send(undefined, { ...ask, headers: { ...headers, authorization: header() } }))
      const text = await answer.text()
      const { code, errors } = JSON.parse(text) as { code?: string; errors?: { code: string }[] }
      const challenged = answer.headers.has('www-authenticate')
      const refused = answer.status === 401 && challenged && ['UNAUTHORIZED', 'credentials-invalid', 'unauthenticated', 'unauthorized'].includes(errors?.[0]?.code ?? code ?? '')
      // Guessed too often: from one address, one name has so many attempts.
      if (!refused && answer.status !== 429) wrong.push(`${what}: ${answer.status} ${text}`)
      if (text.includes(bearer) || text.includes(good())) wrong.push(`${what} is repeated`)
    }
    expect(wrong).toEqual([])
    expect(world.rows()).toEqual(before)
    const { headers = {}, ...ask } = place()
    const control = await world.send(undefined, { ...ask, headers: { ...headers, authorization: `bAsIc ${good()}` } })
    expect(control.status).toBeOneOf([200, 202, 403])
  })
})

describe('the form of the token service', () => {
  const post = async (fields: Readonly<Record<string, string>>) => {
    const body = new URLSearchParams(fields).toString()
    const ask: Ask = { method: 'POST', path: '/token', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    const answer = await within('an answer', 30_000, world.send(undefined, ask))
    return { status: answer.status, ...((await answer.json()) as { error?: string; token?: string }) }
  }
  const right = { grant_type: 'password', username: 'guest' }

  test.each([
    ['a password of 64 KB', { password: 'x'.repeat(65_536) }],
    ['a user of 64 KB', { username: 'x'.repeat(65_536), password: 'x' }],
    ['a refresh token of 64 KB', { grant_type: 'refresh_token', refresh_token: 'x'.repeat(65_536) }],
    ['scopes of 64 KB', { password: 'x', scope: 'repository:a:pull '.repeat(4_000) }],
    ['a NUL in the user', { username: 'guest\0', password: 'x' }],
    ['a grant that is none', { grant_type: 'authorization_code', code: 'x' }],
    ['an assertion', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'x' }],
    ['an access token for a refresh token', { grant_type: 'refresh_token', refresh_token: 'TOKEN' }],
    ['a personal token for a refresh token', { grant_type: 'refresh_token', refresh_token: 'SECRET' }],
    ['another service', { password: 'SECRET', service: 'registry.elsewhere' }],
  ])('%s is refused', async (_, fields) => {
    const { secret = '' } = world.credentialOf('guest', project) ?? {}
    const filled = Object.fromEntries(Object.entries({ ...right, ...fields }).map(([name, value]) => [name, value.replace('TOKEN', bearer).replace('SECRET', secret)]))
    const { status, error, token } = await post(filled)
    expect([status >= 400 && status < 500, token]).toEqual([true, undefined])
    expect(error).toBeOneOf(['invalid_request', 'invalid_grant'])
    expect(await post({ ...right, password: secret })).toMatchObject({ status: 200, token: expect.any(String) as string })
  })
})

test('a token for repositories is none for the API, and its secret none for anybody else', async () => {
  const admin = await tokenOf('admin', `repository:${project}/app:pull,push,delete registry:catalog:*`)
  const headers = { authorization: `Bearer ${admin}` }
  expect((await world.send(undefined, { method: 'GET', path: `/v2/${project}/app/tags/list`, headers })).status).toBe(200)
  for (const path of ['/accounts', '/roles', '/groups', '/grants', '/robots', `/projects/${project}/grants`, '/tokens', '/accounts/guest']) {
    expect([path, (await world.send(undefined, { method: 'GET', path: `/api/v1${path}`, headers })).status]).toBeOneOf([[path, 403], [path, 404]])
  }
  for (const [path, body] of [['/projects', { name: 'taken' }], ['/accounts', { name: 'taken' }], ['/tokens', { name: 'more' }]] as const) {
    expect([path, (await world.send(undefined, { method: 'POST', path: `/api/v1${path}`, body, headers })).status]).toEqual([path, 403])
  }
  const { secret = '' } = world.credentialOf('guest', project) ?? {}
  for (const user of ['other', 'admin', 'developer', 'Guest', '']) {
    expect([user, (await world.send({ user, secret }, { method: 'GET', path: '/v2/' })).status]).toBeOneOf([[user, 401], [user, 429]])
  }
})

test('a wrong login is told the same whether there is such an account, a robot, or neither', async () => {
  const asked = async (ask: Ask) => {
    const answer = await world.send(undefined, ask)
    const headers = Object.fromEntries(answer.headers)
    delete headers['x-request-id']
    delete headers['date']
    return { status: answer.status, headers, text: (await answer.text()).replace(/"request":"[^"]*"/, '') }
  }
  const basic = (user: string) => `Basic ${encoded(`${user}:not this one`)}`
  // Of the same length: the name stands in no answer.
  const known = 'maintainer'
  const unknown = ['maintainex', 'xaintainer']
  for (const path of ['/v2/', `/v2/${project}/app/tags/list`, '/api/v1/whoami', `/token?scope=repository:${project}/app:pull`]) {
    const answer = await asked({ method: 'GET', path, headers: { authorization: basic(known) } })
    expect(answer.status).toBe(401)
    for (const user of unknown) expect(await asked({ method: 'GET', path, headers: { authorization: basic(user) } })).toEqual(answer)
  }
  const robots = [`${project}+robot$widerobot`, `${project}+robot$widerobox`, 'nothing-7+robot$widerobot', 'robot$widerobot']
  const [first, ...others] = await Promise.all(robots.map((user) => asked({ method: 'GET', path: '/v2/', headers: { authorization: basic(user) } })))
  expect(first?.status).toBe(401)
  for (const other of others) expect(other).toEqual(first as typeof other)
})

describe('a header that names somebody, from whoever is no trusted proxy,', () => {
  const naming = ['x-webauth-user', 'x-forwarded-user', 'x-remote-user', 'remote-user', 'x-auth-request-user', 'x-forwarded-email', 'x-user', 'x-authenticated-user', 'x-ssl-client-s-dn', 'ssl-client-verify', 'x-original-authorization', 'proxy-authorization', 'cookie']

  test.each(naming)('%s is nobody', async (name) => {
    for (const value of ['admin', `Basic ${good()}`, 'CN=admin', 'SUCCESS']) {
      const answer = await world.send(undefined, { method: 'GET', path: '/api/v1/whoami', headers: { [name]: value } })
      expect(answer.status).toBe(401)
    }
  })

  test('nor does one move it into another network', async () => {
    const kept = await world.project('private')
    const { tag: inside } = await pushTagged(world, `${kept}/app`)
    const path = `/v2/${kept}/app/manifests/${inside}`
    const guest = world.credentialOf('guest', kept)
    expect((await world.send(guest, { method: 'GET', path })).status).toBe(200)
    await world.admin('POST', `/projects/${kept}/address-rules`, { networks: ['192.0.2.0/24'] })
    for (const [name, value] of [['x-forwarded-for', '192.0.2.1'], ['forwarded', 'for=192.0.2.1'], ['x-real-ip', '192.0.2.1'], ['true-client-ip', '192.0.2.1'], ['cf-connecting-ip', '192.0.2.1'], ['x-client-ip', '192.0.2.1']] as const) {
      expect([name, (await world.send(guest, { method: 'GET', path, headers: { [name]: value } })).status]).toEqual([name, 403])
    }
  })
})
