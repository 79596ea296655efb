import { expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { expectBlob } from './blob-life.ts'
import { createClient, jsonOf } from './client.ts'
import { freshBytes, types } from './content.ts'
import { expectError } from './expect-error.ts'
import { exchange } from './raw-exchange.ts'

setDefaultTimeout(30_000)

const emptyIndex = '{"schemaVersion":2,"manifests":[]}'

forEachRegistry('repository names', (url) => {
  const client = () => createClient(url())

  test.each([
    'a', '0', 'a/b/c/d/e/f', 'a.b', 'a_b', 'a__b', 'a-b', 'a---b', 'a.b_c-d__e/0.0',
    'blobs', 'blobs/uploads', 'a/blobs', 'manifests/manifests', 'tags/list', 'a/tags/list', 'referrers', 'a/blobs/uploads/b',
    'v2', 'uploads',
    'a'.repeat(255), `${'a/'.repeat(127)}a`,
  ])('%s is one', async (repository) => {
    const content = freshBytes(100)
    const digest = await client().pushBlob(repository, content)
    await expectBlob(client(), repository, content, digest)
    await client().putManifest(repository, 'tag', emptyIndex, types.index)
    expect((await client().send('GET', `/v2/${repository}/manifests/${digestOf(emptyIndex)}`)).status).toBe(200)
    expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: ['tag'] })
    expect((await client().send('GET', `/v2/${repository}/referrers/${digest}`)).status).toBe(200)
    expect((await client().send('DELETE', await client().startUpload(repository))).status).toBe(204)
  })

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

  test.each([
    'A', 'aB', 'a..b', 'a___b', '-a', 'a-', '.a', 'a.', '_a', 'a_', 'a._b', 'a/-b', 'a-/b', 'a/B', 'a:b', 'a@b', 'a+b', 'a~b',
    'a%20b', '%61%2f%62', 'a%2Fb', 'a%5cb', '%C3%A4', 'a%00b', 'a%0d%0ab', '_catalog/a', '_oci',
    'a'.repeat(256), `${'a/'.repeat(128)}a`, 'x'.repeat(5000),
  ])('%s is none', async (repository) => {
    for (const [method, path] of requests(repository)) {
      const answer = await client().send(method, path, { body: method === 'GET' ? undefined : emptyIndex })
      expectError(answer, 400, 'NAME_INVALID')
    }
  })

  test.each(['', '/', '/a', 'a/', 'a//b', '//'])('%j does not lead anywhere', async (repository) => {
    for (const [method, path] of requests(repository)) {
      const answer = await client().send(method, path, { body: method === 'GET' ? undefined : emptyIndex })
      expect(answer.status).toBe(404)
    }
  })

  // Bun resolves these before the program sees them; what counts is that nothing else does so differently.
  test.each([
    '../../etc/passwd', 'x/../../dots', './dots', 'x/..', 'x/./dots', '..%2f..%2fdots', 'x\\..\\dots', '%2e%2e/%2e%2e/x',
    'x/%2E./dots',
  ])(
    'a path with %s on the wire means what it means in a URL',
    async (repository) => {
      const statusOf = async (method: string, path: string): Promise<number> => {
        const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
        const answer = await exchange(url(), head)
        expect(answer).toStartWith('HTTP/1.1 ')
        expect(answer).not.toContain('root:')
        return Number(answer.split(' ')[1])
      }
      for (const [method, path] of requests(repository)) {
        const { pathname, search } = new URL(`http://x${path}`)
        expect([path, await statusOf(method, path)]).toEqual([path, await statusOf(method, pathname + search)])
      }
    },
  )

  test.each([
    '/v2/%', '/v2/%/tags/list', '/v2/a%zz/tags/list', '/v2/a%2/tags/list', '/v2/a/tags%/list', '/v2/a/manifests/%',
    '/v2/a/manifests/%E0%A4%A', '/v2/a/blobs/%ff', '/v2/a/blobs/uploads/%c3%28', '/v2/a/referrers/%', '/v2/%ff%fe/tags/list',
  ])('the broken escape in %s is told as such', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) expectError(await client().send(method, path), 400, 'NAME_INVALID')
    expect((await client().send('HEAD', path)).status).toBe(400)
  })

  test('none of that is in the catalog', async () => {
    const { repositories } = jsonOf(await client().send('GET', '/v2/_catalog?n=1000')) as { repositories: string[] }
    const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
    expect(repositories.filter((name) => !grammar.test(name) || name.length > 255)).toEqual([])
  })
})

forEachRegistry('addresses', (url) => {
  const client = () => createClient(url())

  test.each(['/v2/', '/v2'])('%s says that the API is here', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await client().send(method, path)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
      expect(answer.headers.get('content-length')).toBe('2')
    }
  })

  test.each([
    '/v1/', '/v2/a', '/v2/a/b', '/v2/a/tags', '/v2/a/tags/list/more', '/v2/a/blobs', '/v2//', '/v2/_catalog/', '/V2/', '/v3/',
    '/favicon.ico',
  ])('nothing is at %s', async (path) => {
    expectError(await client().send('GET', path), 404, 'UNSUPPORTED')
    expect((await client().send('HEAD', path)).status).toBe(404)
  })

  test.each([
    ['/v2/', 'GET, HEAD'],
    ['/v2/_catalog', 'GET, HEAD'],
    ['/v2/a/tags/list', 'GET, HEAD'],
    [`/v2/a/referrers/${digestOf('')}`, 'GET, HEAD'],
    ['/v2/a/manifests/b', 'DELETE, GET, HEAD, PUT'],
    [`/v2/a/blobs/${digestOf('')}`, 'DELETE, GET, HEAD'],
    ['/v2/a/blobs/uploads/', 'POST'],
    [`/v2/a/blobs/uploads/${crypto.randomUUID()}`, 'DELETE, GET, HEAD, PATCH, PUT'],
  ])('%s takes %s and nothing else', async (path, allow) => {
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    for (const method of methods.filter((one) => !allow.split(', ').includes(one))) {
      const answer = await client().send(method, path)
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
      if (method !== 'HEAD') expectError(answer, 405, 'UNSUPPORTED')
    }
  })
})
