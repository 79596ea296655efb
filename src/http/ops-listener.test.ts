import { afterEach, expect, test } from 'bun:test'
import { createManualClock } from '../lib/index.ts'
import { createCounter, createLogger, type Profiler } from '../observe/index.ts'
import { listenOps } from './ops-listener.ts'
import { createReadiness } from './readiness.ts'
import type { Listener } from './listener.ts'

let listener: Listener | undefined
afterEach(async () => await listener?.stop(0))

function start(profiler: Profiler = { cpu: () => Promise.resolve('{}') }, checks: Record<string, () => Promise<void>> = {}) {
  const clock = createManualClock()
  const readiness = createReadiness({ checks, clock })
  const counted = createCounter('made_up_total', 'Made up.', 'kind')
  counted.of('a').add(2)
  const logger = createLogger({ level: 'silent' })
  listener = listenOps({ hostname: '127.0.0.1', port: 0, readiness, metrics: [counted], profilers: [profiler], logger })
  return { readiness, ask: async (path: string, init?: RequestInit) => await fetch(`${listener?.url}${path}`, init) }
}

test('answers probes, and says why it is not ready', async () => {
  const { ask, readiness } = start(undefined, { database: () => Promise.reject(new Error('gone')) })
  expect([(await ask('/livez')).status, (await ask('/')).status]).toEqual([200, 200])
  for (const path of ['/readyz', '/healthz']) {
    const answer = await ask(path)
    expect([answer.status, await answer.text()]).toEqual([503, 'not ready\ndatabase: gone\n'])
  }
  readiness.drain()
  expect(await (await ask('/readyz')).text()).toBe('not ready\nthe process is ending\n')
  expect(await (await start().ask('/readyz')).text()).toBe('ok\n')
})

test('gives the metrics in the text format of Prometheus', async () => {
  const answer = await start().ask('/metrics')
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await answer.text()).toContain('\nmade_up_total{kind="a"} 2\n')
})

test('takes one profile at a time, of a length in bounds', async () => {
  const lengths: number[] = []
  const { ask } = start({ cpu: (duration) => (lengths.push(duration), Promise.resolve(duration === 2_000 ? undefined : '{"nodes":[]}')) })
  expect([(await ask('/debug/profile')).status, (await ask('/debug/profile?seconds=60')).status]).toEqual([200, 200])
  expect((await ask('/debug/profile?seconds=2')).status).toBe(409)
  for (const seconds of ['0', '61', '-1', '1.5', '1e1', 'x', '', '999999999']) {
    expect((await ask(`/debug/profile?seconds=${seconds}`)).status).toBe(400)
  }
  for (const [thread, status] of [['0', 200], ['1', 400], ['-1', 400], ['x', 400], ['', 400]] as const) {
    expect((await ask(`/debug/profile?thread=${thread}`)).status).toBe(status)
  }
  expect(lengths).toEqual([10_000, 60_000, 2_000, 10_000])
})

test('has nothing else, and takes nothing', async () => {
  const { ask } = start()
  const [elsewhere, posted] = [await ask('/v2/'), await ask('/metrics', { method: 'POST', body: 'x' })]
  expect([elsewhere.status, posted.status, posted.headers.get('allow')]).toEqual([404, 405, 'GET, HEAD'])
  expect(elsewhere.headers.get('x-content-type-options')).toBe('nosniff')
})
