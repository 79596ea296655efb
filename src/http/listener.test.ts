import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestBytes, mediaTypes } from '../oci/index.ts'
import { listen, type Listener } from './index.ts'
import { openRawSocket, rawExchange } from './raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from './test-http.testing.ts'

setDefaultTimeout(30_000)

const host = 'Host: registry.test\r\n'
const manifest = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}')
const manifestDigest = digestBytes(manifest, 'sha256')
/** Above 1 MiB Bun hands files to sendfile. */
const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31) % 253)
const largeDigest = digestBytes(large, 'sha256')
const small = large.slice(0, 1000)
const smallDigest = digestBytes(small, 'sha256')
const none = new Uint8Array(0)
const noneDigest = digestBytes(none, 'sha256')

let folder: string
let t: TestHttp
let listener: Listener

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-listener-'))
  for (const bytes of [large, small, none]) writeFileSync(join(folder, `name-on-disk-${bytes.length}`), bytes)
})

afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(() => {
  t = createTestHttp()
  const { blobs, manifests, tags } = t.fake.repository('team/app')
  blobs.set(largeDigest, large).set(smallDigest, small).set(noneDigest, none)
  const stored = { digest: manifestDigest, mediaType: mediaTypes.ociIndex, size: manifest.length, bytes: manifest }
  manifests.set(manifestDigest, stored)
  tags.set('1.4', manifestDigest)
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger })
})

afterEach(() => listener.stop(0))

const raw = (method: string, path: string, headers?: readonly string[]) => rawExchange(listener.port, method, path, headers)
const blobPath = (digest: string) => `/v2/team/app/blobs/${digest}`

/** Blobs come as files from here on. */
function serveFiles(): void {
  t.fake.open = (part, whole) => {
    const file = Bun.file(join(folder, `name-on-disk-${whole.length}`))
    const start = part === whole ? 0 : Buffer.from(whole).indexOf(part)
    return { kind: 'file', file: part === whole ? file : file.slice(start, start + part.length), size: whole.length }
  }
}

describe('on the wire', () => {
  test('a manifest has its length and type, to GET and to HEAD', async () => {
    const got = await raw('GET', '/v2/team/app/manifests/1.4')
    const head = await raw('HEAD', '/v2/team/app/manifests/1.4')
    expect(got.body).toBe(new TextDecoder().decode(manifest))
    expect(head.body).toBe('')
    for (const { status, headers } of [got, head]) {
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-length': String(manifest.length),
        'content-type': mediaTypes.ociIndex,
        'docker-content-digest': manifestDigest,
        etag: `"${manifestDigest}"`,
        'docker-distribution-api-version': 'registry/2.0',
        date: expect.any(String),
      })
      expect(headers).not.toHaveProperty('content-encoding')
      expect(headers).not.toHaveProperty('transfer-encoding')
    }
  })

  test.each(['bytes', 'files'])('blobs from %s: their length, even none, and nothing of where they are kept', async (kind) => {
    if (kind === 'files') serveFiles()
    for (const [digest, bytes] of [[largeDigest, large], [smallDigest, small], [noneDigest, none]] as const) {
      const got = await raw('GET', blobPath(digest), ['Accept-Encoding: zstd, gzip'])
      const head = await raw('HEAD', blobPath(digest))
      expect(Buffer.from(got.body, 'latin1').equals(bytes)).toBe(true)
      expect(head.body).toBe('')
      expect(JSON.stringify(got.headers)).not.toContain('disk')
      for (const { status, headers } of [got, head]) {
        expect(status).toBe(200)
        expect(headers).toMatchObject({ 'content-length': String(bytes.length), 'content-type': 'application/octet-stream' })
        expect(headers).not.toHaveProperty('content-encoding')
        expect(headers).not.toHaveProperty('transfer-encoding')
      }
    }
  })

  test('ranges of files are exact, and never a second opinion of the runtime', async () => {
    serveFiles()
    for (const [header, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=-1', 3_000_000, 3_000_000],
      ['bytes=1048570-1048590', 1_048_570, 1_048_590],
      ['bytes=7-2500000', 7, 2_500_000],
      ['bytes=2999999-9999999', 2_999_999, 3_000_000],
    ] as const) {
      const got = await raw('GET', blobPath(largeDigest), [`Range: ${header}`])
      expect([got.status, got.headers['content-range']]).toEqual([206, `bytes ${start}-${end}/3000001`])
      expect(got.headers['content-length']).toBe(String(end - start + 1))
      expect(Buffer.from(got.body, 'latin1').equals(large.subarray(start, end + 1))).toBe(true)
    }
    for (const headers of [['Range: bytes=1-2', 'If-Range: "x"'], ['Range: bytes=1-2,2-6'], ['Range: lines=1-2']]) {
      const got = await raw('GET', blobPath(smallDigest), headers)
      expect([got.status, got.headers['content-length'], got.headers['content-range']]).toEqual([200, '1000', undefined])
    }
    // As many as podman asks for, with offsets as long as those of a layer of gigabytes.
    const starts = Array.from({ length: 1024 }, (_, n) => n * 2900)
    const many = starts.map((start) => `${`${start}`.padStart(11, '0')}-${`${start + 9}`.padStart(11, '0')}`).join(',')
    expect(many.length).toBeGreaterThan(24_000)
    const parts = await raw('GET', blobPath(largeDigest), [`Range: bytes=${many}`])
    expect([parts.status, parts.body.match(/\r\nContent-Range: /g)?.length]).toEqual([206, 1024])
    const last = Buffer.from(parts.body, 'latin1').lastIndexOf(large.subarray(starts.at(-1), (starts.at(-1) ?? 0) + 10))
    expect(last).toBeGreaterThan(parts.body.lastIndexOf('Content-Range: '))
    for (const header of ['bytes=500-0', 'bytes=5000-']) {
      const got = await raw('GET', blobPath(smallDigest), [`Range: ${header}`])
      expect([got.status, got.headers['content-range']]).toEqual([416, 'bytes */1000'])
      expect(JSON.parse(got.body).errors).toHaveLength(1)
    }
    const empty = await raw('GET', blobPath(noneDigest), ['Range: bytes=0-1'])
    expect([empty.status, empty.headers['content-length']]).toEqual([200, '0'])
  })

  test('304, 204, 202 and 405 have no body, and lengths only where they may', async () => {
    const location = (await raw('POST', '/v2/team/app/blobs/uploads/')).headers['location'] ?? ''
    const answers = [
      await raw('GET', '/v2/team/app/manifests/1.4', [`If-None-Match: "${manifestDigest}"`]),
      await raw('GET', location),
      await raw('HEAD', location),
      await raw('PATCH', location, ['Content-Length: 0']),
      await raw('HEAD', '/v2/team/app/blobs/uploads/'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([304, 204, 204, 202, 405])
    expect(answers.map(({ body }) => body)).toEqual(['', '', '', '', ''])
    expect(answers.slice(0, 4).map(({ headers }) => headers['content-length'])).toEqual([undefined, undefined, undefined, '0'])
  })

  test('a stream that breaks never looks complete', async () => {
    t.fake.open = (_, whole) => ({ kind: 'stream', stream: new Blob([whole.slice(1)]).stream(), size: whole.length })
    const socket = openRawSocket(listener.port)
    socket.send(`GET ${blobPath(largeDigest)} HTTP/1.1\r\n${host}\r\n`)
    const text = await socket.received()
    expect(text).not.toEndWith('0\r\n\r\n')
    expect(Buffer.byteLength(text, 'latin1')).toBeLessThan(large.length + 1000)
  })

  test('a file that is gone when it is to be sent is 500 in OCI JSON', async () => {
    t.fake.open = (_, whole) => ({ kind: 'file', file: Bun.file(join(folder, 'gone')), size: whole.length })
    const got = await raw('GET', blobPath(smallDigest))
    expect(got.status).toBe(500)
    expect(JSON.parse(got.body).errors[0].code).toBe('UNKNOWN')
    expect(got.body).not.toContain(folder)
    const id = got.headers['x-request-id']
    expect(JSON.parse(got.body).errors[0].detail).toEqual({ request: id })
    expect(t.log.at(-1)).toMatchObject({ level: 'error', msg: 'a request failed outside the pipeline', id })
  })

  test('the address of the caller reaches the core', async () => {
    await raw('GET', '/v2/')
    expect(t.log[0]).toMatchObject({ address: '127.0.0.1' })
  })
})

describe('stop', () => {
  test('closes what is at rest, lets what is under way end, and takes nothing new', async () => {
    const gate = Promise.withResolvers<void>()
    const began = Promise.withResolvers<void>()
    const { registry } = t.fake
    const tags: typeof registry.lists.tags = async () => {
      began.resolve()
      await gate.promise
      return { names: [], more: false }
    }
    const slow = createTestHttp({ registry: { ...registry, lists: { ...registry.lists, tags } } })
    const own = listen({ hostname: '127.0.0.1', port: 0, fetch: slow.http.fetch, logger: slow.logger })
    const resting = openRawSocket(own.port)
    resting.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
    await resting.received(/\{\}$/)
    const busy = openRawSocket(own.port)
    busy.send(`GET /v2/a/tags/list HTTP/1.1\r\n${host}\r\n`)
    await began.promise
    const stopped = own.stop(20_000)
    await resting.received()
    expect(resting.closed).toBe(true)
    await expect(fetch(`${own.url}/v2/`)).rejects.toThrow()
    gate.resolve()
    expect(await busy.received()).toContain('"tags":[]')
    await stopped
  })

  test('answers what comes at the last moment, and says that it is the last answer', async () => {
    const own = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger })
    const [resting, putting] = [openRawSocket(own.port), openRawSocket(own.port)]
    for (const socket of [resting, putting]) {
      socket.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
      expect(await socket.received(/\{\}$/)).not.toMatch(/connection: close/i)
    }
    const stopped = own.stop(20_000)
    resting.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
    putting.send(`PUT /v2/a/manifests/x HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n{}`)
    for (const socket of [resting, putting]) expect((await socket.received()).match(/^connection: close/gim)).toHaveLength(1)
    await stopped
  })

  test('breaks off what does not end in time', async () => {
    const { registry } = t.fake
    const began = Promise.withResolvers<void>()
    const tags = () => {
      began.resolve()
      return new Promise<never>(() => {})
    }
    const stuck = createTestHttp({ registry: { ...registry, lists: { ...registry.lists, tags } } })
    const own = listen({ hostname: '127.0.0.1', port: 0, fetch: stuck.http.fetch, logger: stuck.logger })
    const socket = openRawSocket(own.port)
    socket.send(`GET /v2/a/tags/list HTTP/1.1\r\n${host}\r\n`)
    await began.promise
    const started = performance.now()
    await own.stop(100)
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(await socket.received()).toBe('')
  })

  test('a second server cannot take the port', () => {
    const again = () => listen({ hostname: '127.0.0.1', port: listener.port, fetch: t.http.fetch, logger: t.logger })
    expect(again).toThrow()
  })
})
