import { describe, expect, test } from 'bun:test'
import { exposition } from '../observe/index.ts'
import type { Registry } from '../registry/index.ts'
import { createRequestMetrics } from './index.ts'
import { createFakeRegistry } from './fake-registry.testing.ts'
import { createTestHttp, errorCode, type TestHttp } from './test-http.testing.ts'

/** A server on which asking for a list of tags waits until `open`. */
function createSlowHttp(requests: number, perAddress: number) {
  const { registry } = createFakeRegistry()
  const gate = Promise.withResolvers<void>()
  const tags: Registry['lists']['tags'] = async () => {
    await gate.promise
    return { names: [], more: false }
  }
  const requestMetrics = createRequestMetrics()
  const limits = { manifest: 4096, manifests: 4096, requests, requests_per_address: perAddress }
  const { http, log, clock } = createTestHttp({ registry: { ...registry, lists: { ...registry.lists, tags } }, limits, requestMetrics })
  const ask = async (path: string, address: string, init?: RequestInit): Promise<Response> =>
    await http.fetch(new Request(`http://registry.test${path}`, init), address)
  const shed = async (): Promise<string[]> => (await exposition(requestMetrics.metrics)).match(/^berth_.*/gm) ?? []
  return { ask, log, clock, shed, list: (address: string) => ask('/v2/a/tags/list', address), open: () => gate.resolve() }
}

test('one address has so many requests under way, and no more; others go on', async () => {
  const { ask, list, open, shed } = createSlowHttp(100, 3)
  const waiting = [list('192.0.2.1'), list('192.0.2.1'), list('192.0.2.1')]
  const refused = await list('192.0.2.1')
  expect([refused.status, await errorCode(refused)]).toEqual([429, 'TOOMANYREQUESTS'])
  expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 10)
  expect((await ask('/v2/', '192.0.2.2')).status).toBe(200)
  expect(await shed()).toContain('berth_http_requests_shed_total{reason="address"} 1')
  open()
  for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200)
  expect((await list('192.0.2.1')).status).toBe(200)
})

test('all addresses together have so many, and the probes are always answered', async () => {
  const { ask, list, open, shed } = createSlowHttp(3, 2)
  const waiting = [list('192.0.2.1'), list('192.0.2.1'), list('192.0.2.2')]
  const refused = await list('192.0.2.3')
  expect([refused.status, await errorCode(refused)]).toEqual([503, 'UNAVAILABLE'])
  expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 10)
  for (const path of ['/livez', '/readyz', '/']) expect((await ask(path, '192.0.2.3')).status).toBe(200)
  expect(await shed()).toContain('berth_http_requests_shed_total{reason="all"} 1')
  open()
  await Promise.all(waiting)
  // A probe took no place, and left none behind.
  const again = [list('192.0.2.1'), list('192.0.2.1'), list('192.0.2.2')]
  for (const answer of await Promise.all(again)) expect(answer.status).toBe(200)
})

test('a request that fails leaves its place too', async () => {
  const { ask } = createSlowHttp(1, 1)
  for (let time = 0; time < 3; time++) expect((await ask('/v2/A/tags/list', '192.0.2.1')).status).toBe(400)
  expect((await ask('/v2/', '192.0.2.1')).status).toBe(200)
})

test('a refused body is left unread', async () => {
  const { ask, list, open } = createSlowHttp(1, 1)
  const waiting = list('192.0.2.1')
  let read = 0
  const body = new ReadableStream({ pull: (stream) => (read++, stream.enqueue(new Uint8Array(1000))) }, { highWaterMark: 0 })
  expect((await ask('/v2/a/blobs/uploads/x', '192.0.2.2', { method: 'PATCH', body })).status).toBe(503)
  expect(read).toBe(0)
  open()
  await waiting
})

test('the log has a line now and then, and none for each refused request', async () => {
  const { list, open, log, clock } = createSlowHttp(100, 1)
  const waiting = list('192.0.2.1')
  for (let time = 0; time < 5; time++) await list('192.0.2.1')
  clock.advance(10_000)
  await list('192.0.2.1')
  expect(log.filter(({ overload }) => overload !== undefined)).toMatchObject([
    { level: 'warn', overload: 'address', address: '192.0.2.1', requests: 1 },
    { level: 'warn', requests: 5 },
  ])
  open()
  await waiting
})

describe('large manifests', () => {
  const large = (t: TestHttp, size: number): Promise<Response> =>
    t.ask('PUT', '/v2/a/manifests/x', { body: `{"a":"${'x'.repeat(size)}"}`, headers: { 'content-type': 'application/json' } })

  test('share memory, and whoever comes then is asked to come later', async () => {
    const { registry } = createFakeRegistry()
    const gate = Promise.withResolvers<never>()
    let held = 0
    const push: Registry['push'] = { ...registry.push, manifest: () => (held++, gate.promise) }
    const limits = { manifest: 4_000_000, manifests: 8_000_000, requests: 10, requests_per_address: 10 }
    const t = createTestHttp({ registry: { ...registry, push }, limits })
    const waiting = [large(t, 3_900_000), large(t, 3_900_000)]
    while (held < 2) await Bun.sleep(1)
    const refused = await large(t, 3_900_000)
    expect([refused.status, await errorCode(refused)]).toEqual([429, 'TOOMANYREQUESTS'])
    // Small ones do not take part.
    const small = large(t, 1000)
    while (held < 3) await Bun.sleep(1)
    gate.reject(new Error('made up'))
    await Promise.all([...waiting, small])
    expect((await large(t, 3_900_000)).status).toBe(500)
  })
})
