import { expect } from 'bun:test'
import { berth, clients, must, NotApplicable, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { expectBlob } from './blob-life.ts'
import { jsonOf, type Client } from './client.ts'
import { freshBytes, types } from './content.ts'
import { expectError } from './expect-error.ts'
import { exchange } from './raw-exchange.ts'

const emptyIndex = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [] })

/** Everything that is done with a repository, in one of that very name. */
async function expectRepository(client: Client, repository: string): Promise<void> {
  const content = freshBytes(100)
  const digest = await client.pushBlob(repository, content)
  await expectBlob(client, repository, content, digest)
  await client.putManifest(repository, 'tag', emptyIndex, types.index)
  const accept = { headers: { accept: types.index } }
  expect((await client.send('GET', `/v2/${repository}/manifests/${digestOf(emptyIndex)}`, accept)).status).toBe(200)
  expect(jsonOf(await client.send('GET', `/v2/${repository}/tags/list`))).toMatchObject({ name: repository, tags: ['tag'] })
  if (!client.holdsTo('berth')) return
  expect((await client.send('GET', `/v2/${repository}/referrers/${digest}`)).status).toBe(200)
  expect((await client.send('DELETE', await client.startUpload(repository))).status).toBe(204)
}

/** Every kind of request that names a repository. */
const requests = (repository: string) =>
  [
    ['POST', `/v2/${repository}/blobs/uploads/`],
    ['POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf('x')}`],
    ['GET', `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`],
    ['PATCH', `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`],
    ['PUT', `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}?digest=${digestOf('x')}`],
    ['DELETE', `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`],
    ['GET', `/v2/${repository}/blobs/${digestOf('x')}`],
    ['DELETE', `/v2/${repository}/blobs/${digestOf('x')}`],
    ['PUT', `/v2/${repository}/manifests/tag`],
    ['GET', `/v2/${repository}/manifests/tag`],
    ['DELETE', `/v2/${repository}/manifests/tag`],
    ['GET', `/v2/${repository}/tags/list`],
    ['GET', `/v2/${repository}/referrers/${digestOf('x')}`],
  ] as const

/** Below the path that the registry was given for these checks. */
const below = [
  'a', '0', 'a/b/c/d/e/f', 'a.b', 'a_b', 'a__b', 'a-b', 'a---b', 'a.b_c-d__e/0.0', 'blobs', 'manifests/manifests', 'tags/list',
]
/** Anywhere: names that are parts of addresses too, and the longest. */
const anywhere = [
  'a', 'blobs', 'blobs/uploads', 'a/blobs', 'a/tags/list', 'referrers', 'a/blobs/uploads/b', 'v2', 'uploads', 'a'.repeat(255),
  `${'a/'.repeat(127)}a`,
]
const none = [
  'A', 'aB', 'a..b', 'a___b', '-a', 'a-', '.a', 'a.', '_a', 'a_', 'a._b', 'a/-b', 'a-/b', 'a/B', 'a:b', 'a@b', 'a+b', 'a~b',
  'a%20b', '%61%2f%62', 'a%2Fb', 'a%5cb', '%C3%A4', 'a%00b', 'a%0d%0ab', '_catalog/a', '_oci',
  'a'.repeat(256), `${'a/'.repeat(128)}a`, 'x'.repeat(5000),
]
const nowhere = ['', '/', '/a', 'a/', 'a//b', '//']
const climbing = [
  '../../etc/passwd', 'x/../../dots', './dots', 'x/..', 'x/./dots', '..%2f..%2fdots', 'x\\..\\dots', '%2e%2e/%2e%2e/x',
  'x/%2E./dots',
]
const brokenEscapes = [
  '/v2/%', '/v2/%/tags/list', '/v2/a%zz/tags/list', '/v2/a%2/tags/list', '/v2/a/tags%/list', '/v2/a/manifests/%',
  '/v2/a/manifests/%E0%A4%A', '/v2/a/blobs/%ff', '/v2/a/blobs/uploads/%c3%28', '/v2/a/referrers/%', '/v2/%ff%fe/tags/list',
]
const shown = (name: string): string => (name.length > 60 ? `a name of ${name.length} characters` : JSON.stringify(name))

async function statusOnTheWire(client: Client, method: string, path: string): Promise<number> {
  const answer = await exchange(client, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  expect(answer).toStartWith('HTTP/1.1 ')
  expect(answer).not.toContain('root:')
  return Number(answer.split(' ')[1])
}

const repositories = [
  ...below.map((name, at) =>
    must(`is-${at}`, `${shown(name)} is the name of a repository`, [], (client) =>
      expectRepository(client, `${client.repository()}/${name}`),
    ),
  ),
  ...anywhere.map((name, at) =>
    berth(`anywhere-${at}`, `${shown(name)} is the name of a repository, whatever else it is in an address`, [], (client) => {
      // A repository that the user named, or may log in to, is not this one.
      if (client.login) throw new NotApplicable('the login may be for other repositories')
      return expectRepository(client, name)
    }),
  ),
  ...none.map((name, at) =>
    berth(`none-${at}`, `${shown(name)} is no name of a repository`, [], async (client) => {
      for (const [method, path] of requests(name)) {
        const answer = await client.send(method, path, { body: method === 'GET' ? undefined : emptyIndex })
        expectError(answer, 400, 'NAME_INVALID')
      }
    }),
  ),
  ...nowhere.map((name, at) =>
    berth(`nowhere-${at}`, `${shown(name)} does not lead anywhere`, ['quirks/trailing-slash'], async (client) => {
      for (const [method, path] of requests(name)) {
        const answer = await client.send(method, path, { body: method === 'GET' ? undefined : emptyIndex })
        expect(answer.status).toBe(404)
      }
    }),
  ),
  // Bun resolves these before the program sees them; what counts is that nothing else does so differently.
  ...climbing.map((name, at) =>
    berth(`climbing-${at}`, `a path with ${shown(name)} on the wire means what it means in a URL`, [], async (client) => {
      for (const [method, path] of requests(name)) {
        const { pathname, search } = new URL(`http://x${path}`)
        const meant = await statusOnTheWire(client, method, pathname + search)
        expect([path, await statusOnTheWire(client, method, path)]).toEqual([path, meant])
      }
    }),
  ),
  ...brokenEscapes.map((path, at) =>
    berth(`escape-${at}`, `the broken escape in ${path} is told as such`, [], async (client) => {
      for (const method of ['GET', 'PUT', 'DELETE']) expectError(await client.send(method, path), 400, 'NAME_INVALID')
      expect((await client.send('HEAD', path)).status).toBe(400)
    }),
  ),
  berth('catalog', 'the catalog names nothing that is no repository', [], async (client) => {
    const { repositories: listed } = jsonOf(await client.send('GET', '/v2/_catalog?n=1000')) as { repositories: string[] }
    const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
    expect(listed.filter((name) => !grammar.test(name) || name.length > 255)).toEqual([])
  }),
]

const vacant = [
  '/v1/', '/v2/a', '/v2/a/b', '/v2/a/tags', '/v2/a/tags/list/more', '/v2/a/blobs', '/v2//', '/v2/_catalog/', '/V2/', '/v3/',
  '/favicon.ico',
]
const allowed: readonly (readonly [string, string])[] = [
  ['/v2/', 'GET, HEAD'],
  ['/v2/_catalog', 'GET, HEAD'],
  ['/v2/a/tags/list', 'GET, HEAD'],
  [`/v2/a/referrers/${digestOf('')}`, 'GET, HEAD'],
  ['/v2/a/manifests/b', 'DELETE, GET, HEAD, PUT'],
  [`/v2/a/blobs/${digestOf('')}`, 'DELETE, GET, HEAD'],
  ['/v2/a/blobs/uploads/', 'POST'],
  [`/v2/a/blobs/uploads/${crypto.randomUUID()}`, 'DELETE, GET, HEAD, PATCH, PUT'],
]

const addresses = [
  must('ping', 'the API answers at /v2/', ['v2/ping', 'quirks/ping'], async (client) => {
    expect((await client.send('GET', '/v2/')).status).toBe(200)
  }),
  clients('api-version', 'answers have Docker-Distribution-Api-Version, refusals too', ['quirks/api-version'], async (client) => {
    for (const path of ['/v2/', `/v2/${client.repository()}/manifests/none`]) {
      expect((await client.send('GET', path)).headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    }
  }),
  ...['/v2/', '/v2'].map((path, at) =>
    berth(`root-${at}`, `${path} says that the API is here`, [], async (client) => {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await client.send(method, path)
        expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([200, 'application/json', '2'])
      }
    }),
  ),
  ...vacant.map((path, at) =>
    berth(`vacant-${at}`, `nothing is at ${path}`, [], async (client) => {
      expectError(await client.send('GET', path), 404, 'UNSUPPORTED')
      expect((await client.send('HEAD', path)).status).toBe(404)
    }),
  ),
  ...allowed.map(([path, allow], at) =>
    berth(`methods-${at}`, `${path.slice(0, 30)} takes ${allow} and nothing else`, [], async (client) => {
      const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
      for (const method of methods.filter((one) => !allow.split(', ').includes(one))) {
        const answer = await client.send(method, path)
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
        if (method !== 'HEAD') expectError(answer, 405, 'UNSUPPORTED')
      }
    }),
  ),
]

export const names: Group = {
  id: 'names',
  name: { en: 'Names of repositories', 'zh-CN': '仓库名称' },
  section: 'distribution-spec: Pulling manifests (the grammar of names)',
  checks: repositories,
}

export const roots: Group = {
  id: 'addresses',
  name: { en: 'Addresses', 'zh-CN': '地址' },
  section: 'distribution-spec: Endpoints',
  checks: addresses,
}
