import { describe, expect, test } from 'bun:test'
import { digestBytes, RegistryError } from '../oci/index.ts'
import { createManualClock, parseNetworks } from '../lib/index.ts'
import { createClientOf, createReadiness, routes } from './index.ts'
import { createTestHttp, errorCode } from './test-http.testing.ts'

const digest = digestBytes(new Uint8Array(0), 'sha256')

describe('outside the API', () => {
  test.each(['/', '/livez', '/readyz'])('%s answers in plain words', async (path) => {
    const { ask } = createTestHttp()
    const answer = await ask('GET', path)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain'])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await answer.text()).length).toBeGreaterThan(0)
    expect((await ask('HEAD', path)).status).toBe(200)
    const posted = await ask('POST', path)
    expect([posted.status, posted.headers.get('allow'), await errorCode(posted)]).toEqual([405, 'GET, HEAD', 'UNSUPPORTED'])
  })

  test('a server that is not ready lives', async () => {
    const clock = createManualClock()
    const readiness = createReadiness({ checks: { database: () => Promise.reject(new Error('gone, at 10.1.2.3')) }, clock })
    const { ask } = createTestHttp({ readiness })
    const answer = await ask('GET', '/readyz')
    expect([answer.status, await answer.text()]).toEqual([503, 'not ready\n'])
    expect((await ask('GET', '/livez')).status).toBe(200)
  })

  test.each(['/favicon.ico', '/v1/', '/v2/a', '/v2/_oci/ext/other', '/api/v2.0/health', '//', '/v2//manifests/x', '/livez/'])(
    'there is nothing at %s',
    async (path) => {
      const answer = await createTestHttp().ask('GET', path)
      expect([answer.status, await errorCode(answer)]).toEqual([404, 'UNSUPPORTED'])
    },
  )
})

describe('the API', () => {
  test.each(['/v2', '/v2/'])('%s is there', async (path) => {
    const answer = await createTestHttp().ask('GET', path)
    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([200, '{}', 'application/json'])
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
  })

  test.each([
    ['POST', '/v2/', 'GET, HEAD'],
    ['PUT', '/v2/a/tags/list', 'GET, HEAD'],
    ['POST', '/v2/a/manifests/x', 'DELETE, GET, HEAD, PUT'],
    ['PATCH', `/v2/a/blobs/${digest}`, 'DELETE, GET, HEAD'],
    ['GET', '/v2/a/blobs/uploads/', 'POST'],
    ['DELETE', '/v2/_catalog', 'GET, HEAD'],
    ['POST', '/v2/_oci/ext/discover', 'GET, HEAD'],
    ['OPTIONS', `/v2/a/referrers/${digest}`, 'GET, HEAD'],
  ])('%s %s: 405 with what is allowed', async (method, path, allow) => {
    const answer = await createTestHttp().ask(method, path)
    expect([answer.status, answer.headers.get('allow'), await errorCode(answer)]).toEqual([405, allow, 'UNSUPPORTED'])
  })

  test('every endpoint refuses a malformed name and a broken escape, before the core is asked', async () => {
    const { ask, fake } = createTestHttp()
    const paths: Record<string, string> = {
      manifest: 'manifests/x',
      blob: `blobs/${digest}`,
      uploads: 'blobs/uploads/',
      upload: `blobs/uploads/${crypto.randomUUID()}`,
      tags: 'tags/list',
      referrers: `referrers/${digest}`,
    }
    for (const { method, shape } of routes.filter(({ shape }) => shape in paths)) {
      for (const name of ['Team/app', 'a..b', 'a%2fb', 'a%zz', '_x', 'a%00', 'a'.repeat(256)]) {
        const answer = await ask(method, `/v2/${name}/${paths[shape]}`)
        expect([method, shape, name, answer.status]).toEqual([method, shape, name, 400])
        if (method !== 'HEAD') expect(await errorCode(answer)).toBe('NAME_INVALID')
      }
    }
    expect(fake.calls).toBe(0)
  })
})

describe('errors', () => {
  function failing(error: unknown) {
    const { registry } = createTestHttp().fake
    const fail = () => Promise.reject(error as Error)
    return createTestHttp({ registry: { ...registry, lists: { tags: fail, repositories: fail, referrers: fail } } })
  }

  test('what nobody expected is 500 with an id, and tells nothing else to the client', async () => {
    const { ask, log } = failing(new Error('ENOENT /var/lib/berth/secret', { cause: new Error('deeper') }))
    const answer = await ask('GET', '/v2/a/tags/list')
    expect(answer.status).toBe(500)
    const text = await answer.text()
    expect(text).not.toContain('ENOENT')
    const id = answer.headers.get('x-request-id')
    expect(JSON.parse(text).errors).toEqual([{ code: 'UNKNOWN', message: expect.any(String), detail: { request: id } }])
    const [line, request] = log
    const logged = { message: 'ENOENT /var/lib/berth/secret', cause: { message: 'deeper' } }
    expect(line).toMatchObject({ level: 'error', id, error: logged })
    expect(request).toMatchObject({ msg: 'request', id, status: 500, code: 'UNKNOWN' })
    const head = await ask('HEAD', '/v2/a/tags/list')
    expect([head.status, head.body]).toEqual([500, null])
  })

  test.each(['a string', undefined, null, { code: 'DENIED' }])('thrown %p is one too', async (thrown) => {
    const answer = await failing(thrown).ask('GET', '/v2/_catalog')
    expect([answer.status, await errorCode(answer)]).toEqual([500, 'UNKNOWN'])
  })

  test('a full disk is 507 with Retry-After, and its cause is in the log', async () => {
    const { ask, log } = failing(new RegistryError('STORAGE_FULL', { cause: new Error('ENOSPC') }))
    const answer = await ask('GET', '/v2/a/tags/list')
    expect([answer.status, answer.headers.get('retry-after'), await errorCode(answer)]).toEqual([507, '30', 'UNAVAILABLE'])
    expect(log[0]).toMatchObject({ level: 'warn', code: 'STORAGE_FULL', error: { cause: { message: 'ENOSPC' } } })
  })

  test('several errors of one call are told one by one', async () => {
    const entries = [{ detail: { digest: 'a' } }, { detail: { digest: 'b' }, message: 'no b' }]
    const answer = await failing(new RegistryError('MANIFEST_BLOB_UNKNOWN', { entries })).ask('GET', '/v2/_catalog')
    expect(((await answer.json()) as { errors: unknown[] }).errors).toEqual([
      { code: 'MANIFEST_BLOB_UNKNOWN', message: expect.any(String), detail: { digest: 'a' } },
      { code: 'MANIFEST_BLOB_UNKNOWN', message: 'no b', detail: { digest: 'b' } },
    ])
  })

  test('what the caller did wrong leaves only the line of the request', async () => {
    const { ask, log } = createTestHttp()
    await ask('GET', '/v2/none/tags/list')
    expect(log).toHaveLength(1)
  })
})

describe('the line of a request', () => {
  test('says who asked what and what came of it', async () => {
    const { ask, log, clock, fake } = createTestHttp()
    const { registry } = fake
    const tags: typeof registry.lists.tags = async () => {
      clock.advance(12)
      return { names: ['ä'], more: false }
    }
    const slow = createTestHttp({ registry: { ...registry, lists: { ...registry.lists, tags } }, clock })
    const answer = await slow.ask('GET', '/v2/team/app/tags/list?token=secret', { headers: { 'user-agent': 'crane/0.21' } })
    expect(slow.log).toEqual([
      {
        level: 'info',
        time: '2026-01-01T00:00:00.012Z',
        msg: 'request',
        id: answer.headers.get('x-request-id'),
        method: 'GET',
        path: '/v2/team/app/tags/list',
        status: 200,
        bytes: Buffer.byteLength('{"name":"team/app","tags":["ä"]}'),
        duration: 12,
        address: '192.0.2.7',
        agent: 'crane/0.21',
      },
    ])
    await ask('HEAD', '/v2/')
    expect(log[0]).toMatchObject({ method: 'HEAD', bytes: 0 })
    await ask('GET', '/v2/none/tags/list')
    expect(log[1]).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' })
  })

  test('names the client that a trusted proxy served, and the id it gave beside ours', async () => {
    const trusted = parseNetworks('192.0.2.7') ?? []
    const { fake } = createTestHttp()
    let seen = ''
    const tags: typeof fake.registry.lists.tags = async (actor) => {
      seen = actor.address
      return { names: [], more: false }
    }
    const registry = { ...fake.registry, lists: { ...fake.registry.lists, tags } }
    const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.1', 'x-request-id': 'outer-1' }
    const behind = createTestHttp({ registry, clientOf: createClientOf({ trusted, header: 'x-forwarded-for' }) })
    const answer = await behind.ask('GET', '/v2/a/tags/list', { headers })
    const id = answer.headers.get('x-request-id')
    expect(id).not.toBe('outer-1')
    expect(behind.log).toMatchObject([{ id, proxyId: 'outer-1', address: '198.51.100.1' }])
    expect(seen).toBe('198.51.100.1')
    const direct = createTestHttp({ registry })
    await direct.ask('GET', '/v2/a/tags/list', { headers })
    expect(direct.log).toMatchObject([{ address: '192.0.2.7' }])
    expect(direct.log[0]).not.toHaveProperty('proxyId')
    expect(seen).toBe('192.0.2.7')
  })

  test('has the path as people read it, and an id of ours', async () => {
    const { ask, log } = createTestHttp()
    for (const path of ['/v2/a%20b%0a/tags/list', '/v2/%zz']) await ask('GET', path, { headers: { 'x-request-id': 'forged' } })
    expect(log.map((line) => line['path'])).toEqual(['/v2/a b\n/tags/list', '/v2/%zz'])
    expect(log.map((line) => line['id'])).not.toContain('forged')
    expect(new Set(log.map((line) => line['id'])).size).toBe(2)
  })
})
