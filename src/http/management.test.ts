import { expect, test } from 'bun:test'
import { z } from 'zod'
import type { Principal } from '../access/index.ts'
import { createApi, defineRoute } from '../api/index.ts'
import { createLogger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import { privateAccess } from './gate.testing.ts'
import { anybody, type Gate } from './gate.ts'
import { createManagement } from './management.ts'
import { createRequestMetrics } from './request-metrics.ts'
import { createTestHttp } from './test-http.testing.ts'

const alice: Principal = { kind: 'account', id: 1, name: 'alice', version: 1, groups: [], project: undefined, ceilings: [], mustChange: false }

function start() {
  const routes = [
    defineRoute({
      id: 'whoami',
      method: 'GET',
      path: '/whoami',
      summary: 'Who.',
      needs: 'own',
      status: 200,
      reply: z.object({ name: z.string(), address: z.string() }),
      handle: ({ caller }) => Promise.resolve({ name: caller.identity ?? '', address: caller.address }),
    }),
    defineRoute({ id: 'say', method: 'PUT', path: '/word', summary: 'Says.', needs: 'own', body: z.object({ word: z.string() }), status: 204, handle: () => Promise.resolve() }),
  ]
  const api = createApi({
    routes,
    authorize: () => ({ allowed: false, rule: 'none', hidden: true }),
    barred: () => undefined,
    failureOf: () => undefined,
    rightsVersion: () => 1,
    document: () => Promise.resolve('{}'),
    logger: createLogger({ level: 'silent' }),
  })
  const gate: Gate = {
    enter: ({ request }, address) => {
      const sent = request.headers.get('authorization')
      if (sent === 'Basic wrong') throw new RegistryError('UNAUTHORIZED', { headers: { 'www-authenticate': 'Bearer realm="elsewhere"' } })
      if (sent === null) return anybody(address)
      return { ...anybody(address), principal: alice, by: 'basic', actor: { identity: 'alice', credential: 'password', address, principal: alice } }
    },
    challenge: () => 'Bearer realm="http://registry.test/token",service="berth"',
    refusal: () => Promise.reject(new Error('nothing is refused')),
    isPublic: () => false,
  }
  const requestMetrics = createRequestMetrics()
  return { ...createTestHttp({ access: { ...privateAccess, gate, management: createManagement({ api, gate }) }, requestMetrics }), requestMetrics }
}

test('the management API answers like every other request: an id, a line of the log, metrics', async () => {
  const { ask, log, requestMetrics } = start()
  const answer = await ask('GET', '/api/v1/whoami', { headers: { authorization: 'Basic right' } })
  expect([answer.status, await answer.json()]).toEqual([200, { name: 'alice', address: '192.0.2.7' }])
  expect(log.at(-1)).toMatchObject({ id: answer.headers.get('x-request-id'), path: '/api/v1/whoami', status: 200, identity: 'alice' })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const head = await ask('HEAD', '/api/v1/whoami', { headers: { authorization: 'Basic right' } })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String('{"name":"alice","address":"192.0.2.7"}'.length), ''])
  const samples = await Promise.all(requestMetrics.metrics.map(async (metric) => [...(await metric.samples())]))
  expect(JSON.stringify(samples)).toContain('"api"')
})

test('whoever did not log in is told how, and so is whoever sends a wrong password', async () => {
  const { ask, log } = start()
  for (const headers of [{}, { authorization: 'Basic wrong' }]) {
    const answer = await ask('GET', '/api/v1/whoami', { headers })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Berth", Bearer realm="http://registry.test/token",service="berth"')
  }
  expect(log.map(({ code }) => code)).toEqual(['unauthenticated', 'unauthorized'])
})

test('a body is bounded, with and without its length', async () => {
  const { ask } = start()
  const send = (body: string | ReadableStream<Uint8Array>) => ask('PUT', '/api/v1/word', { body, headers: { authorization: 'Basic right', 'content-type': 'application/json' } })
  expect((await send('{"word":"x"}')).status).toBe(204)
  expect((await send(`{"word":"${'x'.repeat(20_000)}"}`)).status).toBe(413)
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(5000)) })
  expect((await send(endless)).status).toBe(413)
})

test('without access control there is no such API', async () => {
  expect((await createTestHttp().ask('GET', '/api/v1/whoami')).status).toBe(404)
})
