import { expect, test } from 'bun:test'
import { type Authentication, type BearerAuthentication, type Principal, type Rights, scopeCeiling } from '../access/index.ts'
import { createManualClock } from '../lib/index.ts'
import { parseRepositoryName, RegistryError } from '../oci/index.ts'
import { noManagement } from './gate.testing.ts'
import { createGate } from './gate.ts'
import { createTestHttp, errorCode } from './test-http.testing.ts'
import { matchPath } from './v2/match.ts'

const alice: Principal = {
  kind: 'account', id: 1, name: 'alice', version: 1, groups: [], project: undefined, ceilings: [], mustChange: false,
}
const exp = Number.MAX_SAFE_INTEGER
/** A token for pushes to team/other. */
const pushed = [{ type: 'repository', name: 'team/other', actions: ['pull', 'push'], project: 1 }]
const narrowed: Principal = { ...alice, ceilings: [scopeCeiling(pushed)] }

/** Alice, whose password is `right`; tokens by what they are called; a right to pull from team/app, and to know of team/seen. */
function start(source: { realm?: string; externalUrl?: string } = {}) {
  const bearer: Record<string, BearerAuthentication> = {
    good: { principal: alice, credential: 'bearer', expiresAt: exp, access: [{ type: 'repository', name: 'team/app', actions: ['pull'], project: 1 }] },
    catalog: { principal: alice, credential: 'bearer', expiresAt: exp, access: [{ type: 'registry', name: 'catalog', actions: ['*'] }] },
    unmade: { principal: alice, credential: 'bearer', expiresAt: exp, access: [{ type: 'repository', name: 'new/app', actions: ['push'], project: null }] },
    narrow: { principal: narrowed, credential: 'bearer', expiresAt: exp, access: pushed },
    anonymous: { anonymous: true, expiresAt: exp },
    old: { failed: 'expired' },
  }
  const basic: Record<string, Authentication> = {
    'alice:right': { principal: alice, credential: 'password' },
    'alice:late': { failed: 'expired' },
    'alice:locked': { failed: 'locked', retryAfter: 30 },
    'alice:busy': { failed: 'busy' },
  }
  const rights: Pick<Rights, 'decide' | 'isPublic' | 'projectOf'> = {
    decide: (who, permission, { repository }) => {
      const within = who?.ceilings.every((ceiling) => ceiling.allows(permission, 1, repository?.slice('team/'.length))) !== false
      const allowed = within && permission === 'content.pull' && (repository === 'public/app' || (who !== undefined && repository === 'team/app'))
      return { allowed, rule: allowed ? 'a grant' : `no grant of ${permission} there`, hidden: !repository?.startsWith('team/'), narrowed: false }
    },
    isPublic: (repository) => repository === 'public/app',
    projectOf: (name) => (name === 'team' ? { id: 1, name, visibility: 'private', state: 'live', createdAt: 0 } : undefined),
  }
  const gate = createGate({
    authenticator: { basic: (user, secret) => basic[`${user}:${secret}`] ?? { failed: 'wrong' } },
    tokenCheck: { bearer: (token) => bearer[token] ?? { failed: 'wrong' } },
    rights,
    source: { service: 'berth', realm: undefined, externalUrl: undefined, ...source },
    clock: createManualClock(),
    ending: new AbortController().signal,
  })
  const t = createTestHttp({ access: { gate, tokens: undefined, management: noManagement, resolve: (name) => name } })
  const ask = async (path: string, authorization?: string, method = 'GET', host = 'registry.test', more: Record<string, string> = {}) =>
    await t.ask(method, path, { headers: { ...more, host, ...(authorization === undefined ? {} : { authorization }) } })
  return { ...t, gate, rights, ask }
}

const basicly = (text: string): string => `Basic ${btoa(text)}`
const challengeOf = (response: Response): string | null => response.headers.get('www-authenticate')
const tail = (scope: string, error = ''): string => `Bearer realm="http://registry.test/token",service="berth"${scope}${error}`

test.each([
  ['/v2/', 'GET', ''],
  ['/v2/', 'HEAD', ''],
  ['/v2/_oci/ext/discover', 'GET', ''],
  ['/v2/_catalog', 'GET', ',scope="registry:catalog:*"'],
])('whoever sent nothing is asked to log in at %s (%s)', async (path, method, scope) => {
  const response = await start().ask(path, undefined, method)
  expect([response.status, challengeOf(response)]).toEqual([401, tail(scope)])
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test.each(['good', 'catalog', 'anonymous', 'unmade'])('/v2/ is 200 with a token, whatever its scope: %s', async (token) => {
  expect((await start().ask('/v2/', `Bearer ${token}`)).status).toBe(200)
  expect((await start().ask('/v2/', `bEARER ${token}`)).status).toBe(200)
})

test('/v2/ is 200 with a password', async () => {
  const { ask, log } = start()
  expect((await ask('/v2/', basicly('alice:right'))).status).toBe(200)
  expect(log.at(-1)).toMatchObject({ identity: 'alice' })
})

test.each([
  ['wrong', 401, 'UNAUTHORIZED'],
  ['late', 401, 'UNAUTHORIZED'],
  ['locked', 429, 'TOOMANYREQUESTS'],
  ['busy', 503, 'UNAVAILABLE'],
])('a password that is %s is %d', async (password, status, code) => {
  const response = await start().ask('/v2/team/app/tags/list', basicly(`alice:${password}`))
  expect([response.status, await errorCode(response)]).toEqual([status, code])
  expect(challengeOf(response)).toBe(status === 401 ? tail(',scope="repository:team/app:pull"') : null)
  if (status === 429) expect(response.headers.get('retry-after')).toBe('30')
})

test.each(['old', 'nonsense', 'a.b.c'])('a token that is not good is invalid_token, so that clients forget it: %s', async (token) => {
  const response = await start().ask('/v2/team/app/manifests/latest', `Bearer ${token}`)
  expect([response.status, challengeOf(response)]).toEqual([401, tail(',scope="repository:team/app:pull"', ',error="invalid_token"')])
})

const malformed = [
  '', 'Basic', 'Basic ', 'Basic !', 'Basic YQ', `Basic ${btoa('no colon')}`, `Basic ${btoa('a:b\0')}`, `Basic ${btoa('a\n:b')}`, 'Basic /w==', 'Basic YTpi YTpi',
  `${basicly('alice:right')}, ${basicly('alice:right')}`, 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer good, Bearer good', 'Bearer good,', 'Digest username="alice"',
  'Negotiate YII=', 'good', 'Bearergood', 'Basic:YTpi', `Basic ${btoa('x'.repeat(9000))}`, `Bearer ${'x'.repeat(9000)}`, 'Bearer "good"x y',
]
test.each(malformed)('a malformed Authorization is 401 with the challenge, and nobody: %j', async (text) => {
  const { ask, log } = start()
  for (const path of ['/v2/', '/v2/public/app/manifests/latest']) {
    const response = await ask(path, text)
    expect([response.status, await errorCode(response)]).toEqual([401, 'UNAUTHORIZED'])
    expect(challengeOf(response)).toStartWith('Bearer realm="http://registry.test/token"')
    expect(log.at(-1)).not.toHaveProperty('identity', 'alice')
  }
})

test.each([
  ['GET', '/v2/team/x/manifests/v1', 'repository:team/x:pull'],
  ['HEAD', '/v2/team/x/blobs/sha256:0', 'repository:team/x:pull'],
  ['PUT', '/v2/team/x/manifests/v1', 'repository:team/x:pull,push'],
  ['POST', '/v2/team/x/blobs/uploads/', 'repository:team/x:pull,push'],
  ['POST', '/v2/team/x/blobs/uploads/?mount=sha256:0&from=team/y', 'repository:team/x:pull,push repository:team/y:pull'],
  ['POST', '/v2/team/x/blobs/uploads/?mount=sha256:0&from=a%22,b', 'repository:team/x:pull,push'],
  ['PATCH', '/v2/team/x/blobs/uploads/1', 'repository:team/x:pull,push'],
  ['DELETE', '/v2/team/x/blobs/uploads/1', 'repository:team/x:pull,push'],
  ['DELETE', '/v2/team/x/manifests/v1', 'repository:team/x:delete'],
  ['DELETE', '/v2/team/x/blobs/sha256:0', 'repository:team/x:delete'],
  ['GET', '/v2/team/x/tags/list', 'repository:team/x:pull'],
])('the challenge of %s %s asks for %s', async (method, path, scope) => {
  const response = await start().ask(path, 'Bearer old', method)
  expect(challengeOf(response)).toBe(tail(`,scope="${scope}"`, ',error="invalid_token"'))
})

test('a name that could break out of the header is not said in it', async () => {
  const response = await start().ask('/v2/a%22%0d%0aset-cookie:x/manifests/v1', 'Bearer old')
  expect(challengeOf(response)).toBe(tail('', ',error="invalid_token"'))
})

test('the realm is where the client already is, or where it was said to be', async () => {
  const said = async (source: Parameters<typeof start>[0], url: string, host: string) => {
    const { http } = start(source)
    const response = await http.fetch(new Request(`${url}/v2/`, { headers: { host } }), '192.0.2.7')
    return /realm="([^"]*)"/.exec(challengeOf(response) ?? '')?.[1]
  }
  expect(await said({}, 'http://registry.test:5000', 'registry.test:5000')).toBe('http://registry.test:5000/token')
  expect(await said({}, 'https://registry.test', 'registry.test')).toBe('https://registry.test/token')
  expect(await said({}, 'http://[::1]:5000', '[::1]:5000')).toBe('http://[::1]:5000/token')
  expect(await said({ externalUrl: 'https://out.test' }, 'http://inside:5000', 'inside:5000')).toBe('https://out.test/token')
  expect(await said({ realm: 'https://auth.test/t' }, 'http://inside:5000', 'inside:5000')).toBe('https://auth.test/t')
})

test('the list of repositories needs a token for it', async () => {
  const { ask } = start()
  expect((await ask('/v2/_catalog', 'Bearer catalog')).status).toBe(200)
  for (const token of ['good', 'anonymous']) {
    const response = await ask('/v2/_catalog', `Bearer ${token}`)
    expect([response.status, challengeOf(response)]).toEqual([401, tail(',scope="registry:catalog:*"', ',error="insufficient_scope"')])
    // No token would help.
    expect((await ask('/v2/_catalog', `Bearer ${token}`, 'PUT')).status).toBe(405)
  }
})

test('a mount asks for a token for its source too, where the owner of the token may read that', async () => {
  const { ask } = start()
  const post = (from: string, token: string) => ask(`/v2/team/other/blobs/uploads/?mount=sha256:${'0'.repeat(64)}&from=${from}`, token, 'POST')
  const asked = await post('team/app', 'Bearer narrow')
  const scope = ',scope="repository:team/other:pull,push repository:team/app:pull"'
  expect([asked.status, challengeOf(asked)]).toEqual([401, tail(scope, ',error="insufficient_scope"')])
  expect((await post('team/app', 'Bearer good')).status).toBe(202)
  // With these no token would help: they are uploads.
  for (const from of ['secret/app', 'Not A Name', '']) expect((await post(from, 'Bearer narrow')).status).toBe(202)
  expect((await post('team/app', basicly('alice:right'))).status).toBe(202)
})

test('a token for a project that is not there yet is for its one name', async () => {
  const { ask } = start()
  expect((await ask('/v2/new/app/blobs/uploads/', 'Bearer unmade', 'POST')).status).toBe(202)
  for (const name of ['new/app2', 'new', 'newer/app']) {
    const response = await ask(`/v2/${name}/blobs/uploads/`, 'Bearer unmade', 'POST')
    expect([response.status, challengeOf(response)]).toEqual([401, tail(`,scope="repository:${name}:pull,push"`, ',error="insufficient_scope"')])
  }
})

test('where the core asks for other credentials, it says which, and what cannot be had is refused for good', async () => {
  const { gate } = start()
  const refused = async (authorization: string | undefined, name: string, method = 'GET') => {
    const headers = { host: 'registry.test', ...(authorization === undefined ? {} : { authorization }) }
    const asked = { request: new Request('http://registry.test/', { method, headers }), secure: false, match: matchPath(`/v2/${name}/manifests/v1`), query: '' }
    const caller = await gate.enter(asked, '192.0.2.7')
    const { code, message, headers: more } = await gate.refusal({ caller, asked, repository: parseRepositoryName(name) })
    return [code, more['www-authenticate'] ?? message]
  }
  const scope = (name: string, actions: string): string => `,scope="repository:${name}:${actions}"`
  expect(await refused(undefined, 'secret/app')).toEqual(['UNAUTHORIZED', tail(scope('secret/app', 'pull'))])
  expect(await refused('Bearer anonymous', 'secret/app')).toEqual(['UNAUTHORIZED', tail(scope('secret/app', 'pull'), ',error="insufficient_scope"')])
  expect(await refused('Bearer catalog', 'team/app')).toEqual(['UNAUTHORIZED', tail(scope('team/app', 'pull'), ',error="insufficient_scope"')])
  expect(await refused('Bearer good', 'secret/app')).toEqual(['DENIED', new RegistryError('DENIED').message])
  expect(await refused('Bearer good', 'team/app', 'PUT')).toEqual(['DENIED', 'you may not push team/app: no grant of content.push there'])
})

test('caches of others keep only what anybody may pull', async () => {
  const { ask, fake } = start()
  const text = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`
  for (const name of ['public/app', 'team/app']) {
    const bytes = new TextEncoder().encode(text)
    fake.repository(name).manifests.set(digest, { digest: digest as never, mediaType: 'application/vnd.oci.image.index.v1+json', size: bytes.length, bytes })
  }
  const said = async (name: string) => (await ask(`/v2/${name}/manifests/${digest}`, basicly('alice:right'))).headers.get('cache-control')
  expect(await said('public/app')).toStartWith('public, max-age=')
  expect(await said('team/app')).toBe('private, no-store')
})

test('a page elsewhere reads with the login that a browser remembers, and does not write', async () => {
  const { ask } = start()
  const statuses = async (site: string) => {
    const send = async (method: string, path: string) => (await ask(path, basicly('alice:right'), method, undefined, { 'sec-fetch-site': site })).status
    return [await send('GET', '/v2/'), await send('HEAD', '/v2/'), await send('POST', '/v2/team/app/blobs/uploads/')]
  }
  expect(await statuses('same-origin')).toEqual([200, 200, 202])
  expect(await statuses('cross-site')).toEqual([200, 200, 403])
})
