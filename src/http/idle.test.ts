import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { systemClock } from '../lib/index.ts'
import { digestBytes } from '../oci/index.ts'
import { makeCertificate } from './front/certificates.testing.ts'
import { type FrontListener, listen, listenBehindFront, type Listener, readCertificate } from './index.ts'
import { openRawSocket, parseRawAnswer, type RawSocket } from './raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from './test-http.testing.ts'

// Bun counts in steps of 4 s, so that each of these takes that long or some of them; they run side by side.
setDefaultTimeout(60_000)

const idle = 8
const stall = 4
const host = 'Host: registry.test\r\n'
const blob = new Uint8Array(64 * 1024 * 1024)
const digest = digestBytes(blob, 'sha256')

let t: TestHttp
let listener: Listener

beforeAll(() => {
  t = createTestHttp({ limits: { manifest: 4_000_000, manifests: 8_000_000, requests: 1000, requests_per_address: 1000 } })
  t.fake.repository('team/app').blobs.set(digest, blob)
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger, idle, stall })
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
    ['in the body of what was refused', `PATCH /v2/team/app/blobs/uploads/x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n{`],
  ])('%s', async (_, bytes) => {
    const socket = openRawSocket(listener.port)
    socket.send(bytes)
    // Not at once; but the step of 4 s in which its time ends may have begun long before.
    expect(await closedAfter(socket)).toBeWithin(0.1, 25)
  })

  test.each([
    ['a manifest', `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\n{`],
    ['a large manifest', `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${host}Content-Length: 1000000\r\n\r\n{`],
    ['a manifest in chunks', `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`],
    ['a blob', undefined],
  ])('in the body of %s, and is told why', async (_, bytes) => {
    const socket = bytes === undefined ? await openUpload() : openRawSocket(listener.port)
    if (bytes !== undefined) socket.send(bytes)
    expect(await closedAfter(socket)).toBeWithin(stall, stall + 5)
    const { status, headers, body } = parseRawAnswer(await socket.received())
    expect([status, headers['connection'], JSON.parse(body).errors[0].code]).toEqual([408, 'close', 'SIZE_INVALID'])
  })

  const close = `${host}Connection: close\r\n`
  test.each([
    ['of an unknown route', `POST /v2/x HTTP/1.1\r\n${close}Content-Length: 100\r\n\r\n{`, 404],
    ['of a method that is not allowed', `PUT /v2/team/app/tags/list HTTP/1.1\r\n${close}Content-Length: 100\r\n\r\n`, 405],
    ['of a probe', `POST /livez HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n`, 405],
    [
      'of a manifest that is too large',
      `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${close}Content-Length: 5000000\r\n\r\n{`,
      413,
    ],
  ])('in the body that is thrown away before the connection is closed, %s', async (_, bytes, status) => {
    const socket = openRawSocket(listener.port)
    socket.send(bytes)
    expect(await closedAfter(socket)).toBeWithin(stall, stall + 5)
    expect(parseRawAnswer(await socket.received()).status).toBe(status)
  })

  test.each([
    ['what was refused', `POST /v2/x HTTP/1.1\r\n${close}Content-Length: 1000\r\n\r\n`, 404],
    ['what is too large', `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${close}Content-Length: 5000000\r\n\r\n`, 413],
  ])('and who drips the rest of %s', async (_, bytes, status) => {
    const socket = openRawSocket(listener.port)
    socket.send(bytes)
    const dripping = setInterval(() => socket.send('a'), 500)
    expect(await closedAfter(socket)).toBeWithin(stall, stall + 5)
    clearInterval(dripping)
    expect(parseRawAnswer(await socket.received()).status).toBe(status)
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

/** Sends a byte a second until long after every limit, then the rest at once; answers with what comes back. */
async function drip(socket: RawSocket, bytes: string, piece: (text: string) => string = (text) => text): Promise<string> {
  const started = performance.now()
  let sent = 0
  for (; performance.now() - started < idle * 2500; sent++) {
    socket.send(piece(bytes.charAt(sent)))
    // The pace of the sender.
    await Bun.sleep(1000)
    expect(socket.closed).toBe(false)
  }
  socket.send(piece(bytes.slice(sent)))
  if (piece('') !== '') socket.send('0\r\n\r\n')
  return await socket.received(/\r\n\r\n/)
}

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

describe.concurrent('who sends little, but something, is not let go', () => {
  test('of a blob', async () => {
    const socket = await openUpload()
    expect(await drip(socket, 'a'.repeat(996))).toContain('HTTP/1.1 202 Accepted')
    socket.reset()
  })

  const manifest = JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { a: 'x'.repeat(20_000) } })
  const put = `PUT /v2/team/app/manifests/x HTTP/1.1\r\n${host}Content-Type: application/vnd.oci.image.index.v1+json\r\n`
  test.each([
    ['of a large manifest', `Content-Length: ${manifest.length}\r\n\r\n`, undefined],
    ['of a manifest in chunks', 'Transfer-Encoding: chunked\r\n\r\n', chunk],
  ])('%s', async (_, headers, piece) => {
    const socket = openRawSocket(listener.port)
    socket.send(put + headers)
    expect(await drip(socket, manifest, piece)).toContain('HTTP/1.1 201 Created')
    socket.reset()
  })
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

describe.concurrent('behind a front, who stands still is let go as well', () => {
  const { chain, key } = makeCertificate()
  const files = { read: (path: string) => Promise.resolve(path === 'cert' ? chain : key), stamp: () => Promise.resolve('') }
  const paths = { certificate: 'cert', key: 'key' }

  async function open(secured: boolean): Promise<FrontListener> {
    const tls = { ...paths, minimum: '1.2' as const, first: await readCertificate({ paths, files, clock: systemClock }) }
    const connections = { all: undefined, perAddress: undefined }
    const own = { hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger, idle, clock: systemClock }
    return listenBehindFront({ ...own, files, proxies: [], connections, tls: secured ? tls : undefined })
  }

  test.each([
    ['before a byte', ''],
    ['in a TLS handshake', '\x16\x03\x01\x02\x00\x01'],
  ])('%s', async (_, bytes) => {
    const front = await open(true)
    const socket = openRawSocket(front.port)
    socket.send(bytes)
    expect(await closedAfter(socket)).toBeWithin(1, 30)
    await front.stop(0)
  })

  test('at rest', async () => {
    const front = await open(false)
    const socket = openRawSocket(front.port)
    socket.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
    // Not at once; but the step of 4 s in which its time ends may have begun long before.
    expect(await closedAfter(socket)).toBeWithin(0.1, 25)
    await front.stop(0)
  })

  test('and who asks and never reads', async () => {
    const front = await open(false)
    const reader = connect({ host: '127.0.0.1', port: front.port })
    reader.pause()
    reader.on('error', () => undefined)
    reader.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\n${host}\r\n`)
    while (reader.bytesWritten === 0) await Bun.sleep(5)
    await Bun.sleep(500)
    const started = performance.now()
    await front.stop(50_000)
    expect(performance.now() - started).toBeLessThan(30_000)
    reader.destroy()
  })
})
