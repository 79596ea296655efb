import { afterEach, beforeEach, expect, test } from 'bun:test'
import { systemClock } from '../../lib/index.ts'
import type { Listener } from '../listener.ts'
import { openRawSocket, rawExchange } from '../raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from '../test-http.testing.ts'
import { listenForRedirects, type RedirectOptions } from './listen-for-redirects.ts'

let listener: Listener
let t: TestHttp
const open = (to: number, changes: Partial<RedirectOptions> = {}) => {
  const connections = { all: undefined, perAddress: undefined }
  return listenForRedirects({ hostname: '127.0.0.1', port: 0, to, logger: t.logger, clock: systemClock, proxies: [], connections, ...changes })
}
beforeEach(() => {
  t = createTestHttp()
  listener = open(5443)
})
afterEach(() => listener.stop(0))

test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s is sent to the same place under https', async (method) => {
  const { status, headers, body } = await rawExchange(listener.port, method, '/v2/a/tags/list?n=1&last=b%2F')
  expect([status, headers['location'], body]).toEqual([308, 'https://registry.test:5443/v2/a/tags/list?n=1&last=b%2F', ''])
})

test('the usual port is left out', async () => {
  await listener.stop(0)
  listener = open(443)
  expect((await rawExchange(listener.port, 'GET', '/v2/')).headers['location']).toBe('https://registry.test/v2/')
})

test.each(['', 'a b', 'a\\b', '@evil.test', 'evil.test/x?', 'a:99999', '[::1', 'a%0d%0ab'])('the Host %p makes no other header, and no line of log', async (host) => {
  const socket = openRawSocket(listener.port)
  socket.send(`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  const text = await socket.received()
  expect(text).toMatch(/^HTTP\/1\.1 (308|400) /)
  if (text.startsWith('HTTP/1.1 308')) expect(text).toMatch(/\r\nlocation: https:\/\/[a-z0-9.[\]:%-]+:5443\/[^\r\n]*\r\n/i)
  expect(t.log).toEqual([])
  socket.reset()
})

const question = 'GET /v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n'

test.each([
  ['all', { all: 2, perAddress: undefined }],
  ['one address', { all: undefined, perAddress: 2 }],
])('more connections of %s than there may be are closed, and one that ends makes room', async (_, connections) => {
  await listener.stop(0)
  listener = open(5443, { connections })
  const ask = async () => {
    const socket = openRawSocket(listener.port)
    socket.send(question)
    return { socket, text: await socket.received(/\r\n\r\n/) }
  }
  const [first, second] = [await ask(), await ask()]
  expect([first.text, second.text]).toEqual([expect.stringContaining(' 308 '), expect.stringContaining(' 308 ')])
  expect((await ask()).text).toBe('')
  expect(t.log).toEqual([expect.objectContaining({ msg: 'too many connections: some are closed' })])
  first.socket.reset()
  for (const end = performance.now() + 10_000; !(await ask()).text.includes(' 308 '); await Bun.sleep(5)) {
    expect(performance.now()).toBeLessThan(end)
  }
})

test('a proxy that says who calls is understood', async () => {
  await listener.stop(0)
  listener = open(5443, { proxies: [{ address: '127.0.0.0', prefix: 8 }] })
  const socket = openRawSocket(listener.port)
  socket.send(`PROXY TCP4 192.0.2.7 192.0.2.1 40000 80\r\n${question}`)
  expect(await socket.received(/\r\n\r\n/)).toContain('Location: https://registry.test:5443/v2/')
  socket.reset()
})
