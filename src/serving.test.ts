import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { argon2Hashing, createIdentities, createPasswords, createRightsVersion, ensureFirstAdmin, type Identities } from './access/index.ts'
import { loadConfig } from './config/index.ts'
import { forEachDatabase, type TestDatabase } from './database/for-each-database.testing.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createLogger } from './observe/index.ts'
import { createProjects } from './projects/index.ts'
import { createServing, type Serving } from './serving.ts'
import { createMemoryStore } from './storage/index.ts'
import { transactions } from './transactions.ts'

const admin = 'plum-Canoe 77 riddle'
const password = 'kitchen-moss-orbit 9'
const actor = { identity: 'admin', address: '127.0.0.1' }
const basic = (user: string, secret: string): string => `Basic ${btoa(`${user}:${secret}`)}`
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

interface TokenAnswer {
  readonly token: string
  readonly access_token: string
  readonly expires_in: number
  readonly issued_at: string
  readonly refresh_token?: string
  readonly scope?: string
}

forEachDatabase('a server with access control', (kind) => {
  let t: TestDatabase
  let serving: Serving
  /** Of another process on the same database. */
  let another: () => Serving
  let identities: Identities

  beforeEach(async () => {
    t = await kind.create(transactions, systemClock)
    const { database } = t
    const loaded = loadConfig({ flags: new Map(), environment: { variables: new Map(), language: 'en' }, cwd: '/nonexistent/berth' })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const settings = { lease: 3_600_000, drain: 60_000, uploadExpiry: 3_600_000, retention: 0, verify: 'always', sparse: 'off' } as const
    const core = { database, store: createMemoryStore(systemClock.now), clock: systemClock, settings }
    const logger = createLogger({ level: 'silent' })
    another = () => createServing(loaded.config, { core, metrics: [], checks: {} }, logger)
    serving = another()
    const common = { database, clock: systemClock, ids: systemIds, hashing: argon2Hashing, hashesAtOnce: 1, sources: [] }
    identities = createIdentities({ ...common, version: createRightsVersion(database, systemClock), warn: () => undefined })
    const file = { read: () => Promise.resolve(undefined), keep: (text: string) => Promise.resolve(text), remove: () => Promise.resolve() }
    await ensureFirstAdmin({ database, passwords: createPasswords({ hashing: argon2Hashing, atOnce: 1 }), ids: systemIds, file, given: admin })
    await identities.accounts.create(actor, { name: 'alice', password })
  }, 180_000)
  afterEach(async () => {
    await serving.close()
    await identities.close()
    await t.dispose()
  })

  async function ask(method: string, path: string, authorization?: string, body?: string, type?: string): Promise<Response> {
    const headers = { host: 'registry', ...(authorization && { authorization }), ...(type && { 'content-type': type }) }
    return await serving.fetch(new Request(`http://registry${path}`, { method, headers, ...(body === undefined ? {} : { body }) }), '127.0.0.1')
  }
  async function tokenOf(scope: string, authorization?: string): Promise<string> {
    const response = await ask('GET', `/token?service=${encodeURIComponent(`berth:${t.database.installation}`)}&scope=${encodeURIComponent(scope)}`, authorization)
    expect(response.status).toBe(200)
    return `Bearer ${((await response.json()) as TokenAnswer).token}`
  }
  const post = async (form: Record<string, string>) =>
    await ask('POST', '/token', undefined, new URLSearchParams(form).toString(), 'application/x-www-form-urlencoded')
  const pushBlob = async (name: string, text: string, authorization: string) =>
    await ask('POST', `/v2/${name}/blobs/uploads/?digest=${digestOf(text)}`, authorization, text)
  const problemOf = (response: Response) => [response.status, /error="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]]
  /** As long as it takes until rights are read again where the database is asked for them once a second. */
  async function until(expected: number, attempt: () => Promise<Response>): Promise<Response> {
    const end = performance.now() + 20_000
    for (;;) {
      const response = await attempt()
      if (response.status === expected || performance.now() > end) return response
      await Bun.sleep(50)
    }
  }

  test('logs in as docker does', async () => {
    const ping = await ask('GET', '/v2/')
    expect([ping.status, ping.headers.get('www-authenticate')]).toEqual([401, `Bearer realm="http://registry/token",service="berth:${t.database.installation}"`])
    expect((await ask('GET', '/v2/', await tokenOf(''))).status).toBe(200)
    const wrong = await ask('GET', '/token', basic('alice', 'wrong'))
    expect([wrong.status, await wrong.json()]).toEqual([401, { errors: [{ code: 'UNAUTHORIZED', message: 'the user name or the password is not right' }] }])
    const answer = (await (await ask('GET', '/token?offline_token=true&client_id=docker', basic('alice', password))).json()) as TokenAnswer
    expect(answer).toEqual({ token: answer.access_token, access_token: expect.any(String), expires_in: 300, issued_at: expect.any(String), refresh_token: expect.stringMatching(/^brf_/) })
    expect(Math.abs(Date.parse(answer.issued_at) - Date.now())).toBeLessThan(60_000)
    expect((await ask('GET', '/v2/', `Bearer ${answer.token}`)).status).toBe(200)
    expect((await ask('GET', '/v2/', basic('alice', password))).status).toBe(200)
    expect((await ask('GET', '/v2/_catalog', await tokenOf('registry:catalog:*', basic('alice', password)))).status).toBe(200)
  })

  test('a whole first push goes with one token, which makes its project', async () => {
    const token = await tokenOf('repository:fresh/app:pull,push', basic('admin', admin))
    for (const text of ['{}', 'a layer']) expect((await pushBlob('fresh/app', text, token)).status).toBe(201)
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf('{}'), size: 2 },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf('a layer'), size: 7 }],
    })
    const put = await ask('PUT', '/v2/fresh/app/manifests/1.0', token, manifest, 'application/vnd.oci.image.manifest.v1+json')
    expect(put.status).toBe(201)
    expect((await ask('GET', '/v2/fresh/app/manifests/1.0', token)).status).toBe(200)
    expect((await ask('GET', '/v2/fresh/app/manifests/1.0', basic('admin', admin))).headers.get('cache-control')).toBe('private, no-store')
    expect(problemOf(await pushBlob('fresh/other', '{}', token))).toEqual([401, 'insufficient_scope'])
    expect(problemOf(await ask('DELETE', '/v2/fresh/app/manifests/1.0', token))).toEqual([401, 'insufficient_scope'])
  })

  test('a token from before a project is void there, and one of a deleted project is in its successor', async () => {
    const projects = createProjects(t.database, 0)
    const before = await tokenOf('repository:late/app:pull,push', basic('admin', admin))
    const { id } = await projects.create({ name: 'late', visibility: 'private', actor })
    expect((await until(401, () => pushBlob('late/app', '{}', before))).status).toBe(401)
    const now = await tokenOf('repository:late/app:pull,push', basic('admin', admin))
    expect((await until(201, () => pushBlob('late/app', '{}', now))).status).toBe(201)
    await projects.remove({ id, force: true, actor } as never)
    expect((await until(401, () => pushBlob('late/app', '{}', now))).status).toBe(401)
  }, 180_000)

  test('a project that another process made a moment ago is there for whoever is sent here next', async () => {
    const alice = basic('alice', password)
    const made = async (name: string) => {
      const { id } = (await identities.accounts.find('alice')) ?? { id: 0 }
      await createProjects(t.database, 0).create({ name, visibility: 'private', admin: { kind: 'account', id }, actor })
    }
    for (const name of ['one', 'two', 'three']) expect((await ask('GET', `/v2/${name}/app/tags/list`, alice)).status).toBe(403)
    await made('one')
    expect((await pushBlob('one/app', '{}', alice)).status).toBe(201)
    await made('two')
    expect((await ask('GET', '/v2/two/app/tags/list', await tokenOf('repository:two/app:pull', alice))).status).toBe(404)
    // By a first push.
    const other = another()
    const authorization = basic('admin', admin)
    const push = new Request(`http://registry/v2/three/app/blobs/uploads/?digest=${digestOf('{}')}`, { method: 'POST', headers: { host: 'registry', authorization }, body: '{}' })
    expect((await other.fetch(push, '127.0.0.1')).status).toBe(201)
    expect((await ask('HEAD', `/v2/three/app/blobs/${digestOf('{}')}`, await tokenOf('repository:three/app:pull,push', authorization))).status).toBe(200)
    await other.close()
  }, 180_000)

  test('who may not see anything gets the same bytes for what is there and for what is not', async () => {
    const all = basic('admin', admin)
    expect((await pushBlob('secret/app', 'a layer', all)).status).toBe(201)
    const paths = (name: string) => [`/v2/${name}/tags/list`, `/v2/${name}/manifests/1.0`, `/v2/${name}/blobs/${digestOf('a layer')}`, `/v2/${name}/referrers/${digestOf('x')}`]
    const tokens = ['secret/app', 'absent/app'].map((name) => tokenOf(`repository:${name}:pull`, basic('alice', password)))
    const [there = '', absent = ''] = await Promise.all(tokens)
    const askers: readonly (readonly [string | undefined, string | undefined, number])[] = [[undefined, undefined, 401], [basic('alice', password), basic('alice', password), 403], [there, absent, 403]]
    for (const [first, second, status] of askers) {
      for (const [at, path] of paths('secret/app').entries()) {
        const [one, other] = [await ask('GET', path, first), await ask('GET', paths('absent/app')[at] ?? '', second)]
        expect([one.status, other.status]).toEqual([status, status])
        const bytes = async (response: Response) => `${response.headers.get('www-authenticate')} ${await response.text()}`.replaceAll(/secret|absent/g, 'NAME')
        expect(await bytes(one)).toBe(await bytes(other))
      }
    }
  }, 180_000)

  test('refresh tokens bring new tokens until the password is changed, and then nothing of the old ones is good', async () => {
    const first = (await (await ask('GET', '/token?offline_token=true', basic('alice', password))).json()) as TokenAnswer
    const refresh = { grant_type: 'refresh_token', service: `berth:${t.database.installation}`, client_id: 'docker', refresh_token: first.refresh_token ?? '' }
    const second = await post({ ...refresh, scope: 'registry:catalog:*' })
    const answer = (await second.json()) as TokenAnswer
    expect([second.status, answer.scope, answer.refresh_token]).toEqual([200, 'registry:catalog:*', undefined])
    expect((await ask('GET', '/v2/_catalog', `Bearer ${answer.access_token}`)).status).toBe(200)
    expect((await ask('GET', '/v2/', basic('alice', first.refresh_token ?? ''))).status).toBe(401)
    await identities.accounts.resetPassword(actor, 'alice', 'another-garden 31 lamp', { mustChange: false })
    const refused = await post(refresh)
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_grant', errors: [{ code: 'UNAUTHORIZED' }] }])
    expect(problemOf(await until(401, () => ask('GET', '/v2/', `Bearer ${answer.access_token}`)))).toEqual([401, 'invalid_token'])
  }, 180_000)

  test('a token for a personal token is never wider than it, and ends with it', async () => {
    const found = await identities.authenticator.basic('admin', admin, '127.0.0.1')
    if ('failed' in found) throw new Error(found.failed)
    expect((await pushBlob('team/app', '{}', basic('admin', admin))).status).toBe(201)
    const made = await identities.tokens.create({ principal: found.principal, actor }, { kind: 'personal', name: 'reader', permissions: ['content.pull'] })
    const token = await tokenOf('repository:team/app:pull,push,delete', basic('admin', made.secret))
    expect((await ask('GET', `/v2/team/app/blobs/${digestOf('{}')}`, token)).status).toBe(200)
    expect((await pushBlob('team/app', 'more', token)).status).toBe(403)
    expect((await ask('DELETE', `/v2/team/app/blobs/${digestOf('{}')}`, token)).status).toBe(403)
    await identities.tokens.revoke(actor, 'admin', made.id)
    expect(problemOf(await until(401, () => ask('GET', `/v2/team/app/blobs/${digestOf('{}')}`, token)))).toEqual([401, 'invalid_token'])
  }, 180_000)

  test('what is asked for in a wrong way is told so', async () => {
    const answers = [
      await ask('GET', '/token?service=another'),
      await ask('GET', `/token?${'scope=repository:a/b:pull&'.repeat(900)}`),
      await ask('POST', '/token', undefined, '{}', 'application/json'),
      await post({ grant_type: 'authorization_code' }),
      await post({ grant_type: 'password', username: 'alice' }),
      await post({ grant_type: 'refresh_token', refresh_token: 'x'.repeat(17_000) }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400])
    expect((await post({ grant_type: 'password', username: 'alice', password: 'wrong' })).status).toBe(401)
    expect((await post({ grant_type: 'refresh_token', refresh_token: 'brf_wrong' })).status).toBe(401)
    expect((await ask('DELETE', '/token')).status).toBe(405)
    expect((await ask('GET', '/token', await tokenOf('', basic('alice', password)))).status).toBe(401)
    const keys = (await (await ask('GET', '/token/jwks.json')).json()) as { keys: object[] }
    expect(keys.keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']])
  })
})
