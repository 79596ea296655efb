import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { digestBytes } from '../oci/index.ts'
import { listen, type Listener } from './index.ts'
import { openRawSocket, type RawSocket } from './raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from './test-http.testing.ts'

// Bun counts in steps of 4 s, so that each of these takes that long or some of them; they run side by side.
setDefaultTimeout(60_000)

const idle = 8
const host = 'Host: registry.test\r\n'
const blob = new Uint8Array(64 * 1024 * 1024)
const digest = digestBytes(blob, 'sha256')

let t: TestHttp
let listener: Listener

beforeAll(() => {
  t = createTestHttp()
  t.fake.repository('team/app').blobs.set(digest, blob)
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger, idle })
})

afterAll(() => listener.stop(0))

/** Seconds until the server closes the connection. */
async function closedAfter(socket: RawSocket): Promise<number> {
  const started = performance.now()
  await socket.received(undefined, 50_000)
  return (performance.now() - started) / 1000
}

async function openUpload(): Promise<RawSocket> {
  const location = (await t.ask('POST', '/v2/team/app/blobs/uploads/')).headers.get('location') ?? ''
  const socket = openRawSocket(listener.port)
  socket.send(`PATCH ${location} HTTP/1.1\r\n${host}Content-Length: 1000\r\n\r\n`)
  socket.send('some')
  return socket
}

describe.concurrent('who stands still is let go', () => {
  test.each([
    ['before a head', ''],
    ['in a head', `GET /v2/ HTTP/1.1\r\n${host}X-A: `],
    ['in the head of a second request', `GET /v2/ HTTP/1.1\r\n${host}\r\nGET /v2/ HT`],
    ['at rest', `GET /v2/ HTTP/1.1\r\n${host}\r\n`],
    ['in the body of a manifest', `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n{`],
    ['in the body of what was refused', `PATCH /v2/team/app/blobs/uploads/x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n{`],
  ])('%s', async (_, bytes) => {
    const socket = openRawSocket(listener.port)
    socket.send(bytes)
    expect(await closedAfter(socket)).toBeWithin(1, 25)
  })

  test('in the body of a blob', async () => {
    expect(await closedAfter(await openUpload())).toBeWithin(1, 25)
  })

  test.each([
    ['in a head', `GET /v2/ HTTP/1.1\r\n${host}X-A: `],
    ['in the head of a second request', `GET /v2/ HTTP/1.1\r\n${host}\r\nGET /v2/ HTTP/1.1\r\n${host}X-A: `],
  ])('and who sends a byte a second %s', async (_, bytes) => {
    const socket = openRawSocket(listener.port)
    socket.send(bytes)
    const drip = setInterval(() => socket.send('a'), 1000)
    expect(await closedAfter(socket)).toBeWithin(1, 30)
    clearInterval(drip)
  })
})

test.concurrent('who sends little of a blob, but something, is not let go', async () => {
  const socket = await openUpload()
  const started = performance.now()
  let left = 1000 - 'some'.length
  for (; performance.now() - started < idle * 2500; left--) {
    socket.send('a')
    // The pace of the sender.
    await Bun.sleep(1000)
    expect(socket.closed).toBe(false)
  }
  socket.send('a'.repeat(left))
  expect(await socket.received(/\r\n\r\n/)).toContain('HTTP/1.1 202 Accepted')
  socket.reset()
})

test.concurrent('who asks and never reads is let go', async () => {
  const own = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger, idle })
  const reader = connect({ host: '127.0.0.1', port: own.port })
  reader.pause()
  reader.on('error', () => undefined)
  const before = t.log.length
  reader.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\n${host}\r\n`)
  while (t.log.length === before) await Bun.sleep(5)
  const started = performance.now()
  // Waits for requests under way, of which there is this one.
  await own.stop(50_000)
  expect(performance.now() - started).toBeLessThan(25_000)
  reader.destroy()
})
