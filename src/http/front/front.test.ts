import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/index.ts'
import { digestBytes } from '../../oci/index.ts'
import { openRawSocket, parseRawAnswer, type RawSocket } from '../raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from '../test-http.testing.ts'
import { type FrontListener, listenBehindFront } from './index.ts'
import type { FrontListenerOptions } from './listen-behind-front.ts'

setDefaultTimeout(60_000)

const host = 'Host: registry.test\r\n'
const request = `GET /v2/ HTTP/1.1\r\n${host}Connection: close\r\n\r\n`
const loopback = [{ address: '127.0.0.0', prefix: 8 }]
const blob = Buffer.alloc(48 * 1024 * 1024, 'some bytes of a blob')
const digest = digestBytes(blob, 'sha256')

let t: TestHttp
let front: FrontListener

/** A front that speaks plain HTTP. */
function open(changes: Partial<FrontListenerOptions> = {}): FrontListener {
  return listenBehindFront({
    hostname: '127.0.0.1',
    port: 0,
    fetch: t.http.fetch,
    logger: t.logger,
    clock: systemClock,
    files: { read: () => Promise.reject(new Error('no files')), stamp: () => Promise.reject(new Error('no files')) },
    tls: undefined,
    proxies: [],
    connections: { all: undefined, perAddress: undefined },
    ...changes,
  })
}

async function reopen(changes: Partial<FrontListenerOptions>): Promise<void> {
  await front.stop(0)
  front = open(changes)
}

beforeEach(() => {
  t = createTestHttp()
  t.fake.repository('team/app').blobs.set(digest, blob)
  front = open()
})

afterEach(() => front.stop(0))

/** Polls until it is so. */
async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !what(); await Bun.sleep(5)) {
    if (performance.now() > end) throw new Error(`it did not come to be: ${String(what)}`)
  }
}

const addresses = () => t.log.filter(({ msg }) => msg === 'request').map(({ address }) => address)

async function exchange(...bytes: (string | Buffer)[]): Promise<string> {
  const socket = openRawSocket(front.port)
  for (const part of bytes) {
    socket.send(part)
    // Each on its own: a segment for a part.
    await Bun.sleep(1)
  }
  const answer = await socket.received()
  socket.reset()
  return answer
}

describe('a proxy that is trusted', () => {
  const v1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 49152 443\r\n'
  const v2 = Buffer.from('0d0a0d0a000d0a515549540a 21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 c000 01bb'.replaceAll(' ', ''), 'hex')

  beforeEach(() => reopen({ proxies: loopback }))

  test('names the client, which is then who calls', async () => {
    expect(parseRawAnswer(await exchange(v1 + request)).status).toBe(200)
    expect(parseRawAnswer(await exchange(Buffer.concat([v2, Buffer.from(request)]))).status).toBe(200)
    expect(parseRawAnswer(await exchange(v1, request)).status).toBe(200)
    expect(addresses()).toEqual(['203.0.113.7', '2001:db8::1', '203.0.113.7'])
  })

  test('may send its header a byte at a time', async () => {
    const bytes = Array.from(v2, (byte) => Buffer.from([byte]))
    expect(parseRawAnswer(await exchange(...bytes, request)).status).toBe(200)
    expect(addresses()).toEqual(['2001:db8::1'])
  })

  test('speaks for itself when it says so', async () => {
    await exchange(`PROXY UNKNOWN\r\n${request}`)
    expect(addresses()).toEqual(['127.0.0.1'])
  })

  test.each([
    ['nothing of the kind', request],
    ['a header that is none', 'PROXY TCP4 nobody nowhere 1 2\r\n'],
    ['a line without an end', `PROXY UNKNOWN ${'x'.repeat(5000)}`],
  ])('is cut off when it sends %s, and the log says why', async (_, bytes) => {
    expect(await exchange(bytes)).toBe('')
    await until(() => t.log.length > 0)
    expect(t.log[0]).toMatchObject({ level: 'warn', msg: 'a proxy did not say who calls: its connection is closed', address: '127.0.0.1' })
    expect(addresses()).toEqual([])
  })

  test('cannot name another client later on the same connection', async () => {
    const answer = await exchange(`${v1}GET /v2/ HTTP/1.1\r\n${host}\r\n`, 'PROXY TCP4 203.0.113.8 192.0.2.1 1 2\r\n', request)
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(addresses()).toEqual(['203.0.113.7'])
  })

  test('of another address than those named is an error', async () => {
    await reopen({ proxies: [{ address: '192.0.2.0', prefix: 24 }] })
    expect(await exchange(v1 + request)).toStartWith('HTTP/1.1 400')
    expect(await exchange(Buffer.concat([v2, Buffer.from(request)]))).toStartWith('HTTP/1.1 400')
    expect(addresses()).toEqual([])
    expect(parseRawAnswer(await exchange(request)).status).toBe(200)
  })
})

describe('limits of connections', () => {
  /** A connection that was served and stays. */
  async function stay(before = ''): Promise<RawSocket> {
    const socket = openRawSocket(front.port)
    socket.send(`${before}GET /v2/ HTTP/1.1\r\n${host}\r\n`)
    expect(await socket.received(/\r\n\r\n/)).toStartWith('HTTP/1.1 200')
    return socket
  }

  test('hold for all, and a place that is given up is free again', async () => {
    await reopen({ connections: { all: 2, perAddress: undefined } })
    const first = await stay()
    await stay()
    for (let more = 0; more < 3; more++) expect(await exchange(request)).toBe('')
    expect(t.log.filter(({ msg }) => msg === 'too many connections: some are closed')).toHaveLength(1)
    first.finish()
    await first.received()
    await until(() => first.closed)
    let served = ''
    for (const end = performance.now() + 20_000; served === '' && performance.now() < end; ) served = await exchange(request)
    expect(parseRawAnswer(served).status).toBe(200)
  })

  test('hold for each address, which behind a proxy is the one that it names', async () => {
    await reopen({ proxies: loopback, connections: { all: undefined, perAddress: 1 } })
    const proxied = (address: string) => `PROXY TCP6 ${address} 2001:db8::2 1 2\r\n`
    await stay(proxied('2001:db8::1'))
    expect(await exchange(proxied('2001:db8::ffff') + request)).toBe('')
    expect(parseRawAnswer(await exchange(proxied('2001:db8:0:1::1') + request)).status).toBe(200)
  })
})

describe('what passes through', () => {
  const ask = `GET /v2/team/app/blobs/${digest} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`

  test('is whole for a client that has said its last word, and one that reads late', async () => {
    const hasher = new Bun.CryptoHasher('sha256')
    const socket = connect({ host: '127.0.0.1', port: front.port, allowHalfOpen: true })
    let [length, ended] = [0, false]
    socket.on('data', (bytes) => {
      length += bytes.length
      hasher.update(bytes)
    })
    socket.on('end', () => (ended = true))
    socket.pause()
    socket.write(ask)
    await until(() => t.log.length > 0)
    await Bun.sleep(100)
    socket.resume()
    await until(() => ended)
    socket.destroy()
    expect(length).toBeGreaterThan(blob.length)
    expect(length).toBeLessThan(blob.length + 1000)
  })

  test('is held by the kernel, not by us, while readers stand still', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-front-'))
    writeFileSync(join(folder, 'blob'), blob)
    let asked = 0
    const fetch = (): Promise<Response> => {
      asked++
      return Promise.resolve(new Response(Bun.file(join(folder, 'blob'))))
    }
    await reopen({ fetch })
    const readers: Socket[] = []
    Bun.gc(true)
    const before = process.memoryUsage().rss
    for (let index = 0; index < 24; index++) {
      const reader = connect({ host: '127.0.0.1', port: front.port })
      reader.pause()
      reader.write(ask)
      readers.push(reader)
    }
    await until(() => asked === 24)
    await Bun.sleep(300)
    // The answers are more than 1 GiB; what we hold is a read of each.
    const grown = process.memoryUsage().rss - before
    for (const reader of readers) reader.destroy()
    rmSync(folder, { recursive: true })
    expect(grown / 2 ** 20).toBeLessThan(250)
  })

  test('is broken off on the inside when the client breaks it off', async () => {
    const location = (await t.ask('POST', '/v2/team/app/blobs/uploads/')).headers.get('location') ?? ''
    const socket = openRawSocket(front.port)
    socket.send(`PATCH ${location} HTTP/1.1\r\n${host}Content-Length: 1000\r\n\r\nsome`)
    await Bun.sleep(50)
    const before = t.log.length
    socket.reset()
    await until(() => t.log.length > before)
  })

  test('ends with the front: at once what is at rest, in time what runs', async () => {
    const rest = openRawSocket(front.port)
    rest.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
    await rest.received(/\r\n\r\n/)
    const silent = openRawSocket(front.port)
    const reader = connect({ host: '127.0.0.1', port: front.port })
    reader.on('error', () => undefined)
    reader.pause()
    reader.write(ask)
    await until(() => t.log.length === 2)
    const started = performance.now()
    await front.stop(500)
    expect(performance.now() - started).toBeLessThan(10_000)
    await rest.received()
    await silent.received()
    reader.destroy()
    await expect(fetch(`http://127.0.0.1:${front.port}/v2/`)).rejects.toThrow()
  })

  test('a port that is taken is named as the system does, and nothing is left open', () => {
    expect(() => open({ port: front.port })).toThrow(expect.objectContaining({ code: 'EADDRINUSE', syscall: 'listen' }))
    // TEST-NET-1 of RFC 5737: no machine has it.
    expect(() => open({ hostname: '192.0.2.1' })).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL', syscall: 'listen' }))
  })
})
