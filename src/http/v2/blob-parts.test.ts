import { beforeEach, expect, test } from 'bun:test'
import { digestBytes } from '../../oci/index.ts'
import { createTestHttp, type TestHttp } from '../test-http.testing.ts'

const bytes = Uint8Array.from({ length: 2048 }, (_, i) => (i * 7) % 251)
const digest = digestBytes(bytes, 'sha256')
const boundary = digest.slice('sha256:'.length)

let t: TestHttp
beforeEach(() => {
  t = createTestHttp()
  t.fake.repository('team/app').blobs.set(digest, bytes)
})

const get = (range: string, headers: Record<string, string> = {}) =>
  t.ask('GET', `/v2/team/app/blobs/${digest}`, { headers: { range, ...headers } })

const expected = (...ranges: readonly (readonly [number, number])[]): Buffer => {
  const parts = ranges.map(([start, end], index) => {
    const head = `${index === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end}/2048\r\n\r\n`
    return Buffer.concat([Buffer.from(head), bytes.subarray(start, end + 1)])
  })
  return Buffer.concat([...parts, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

test('several ranges come as parts in the order asked for, as bytes, files and streams', async () => {
  const ways = [
    undefined,
    (part: Uint8Array<ArrayBuffer>) => ({ kind: 'file' as const, file: new Blob([part]), size: 2048 }),
    (part: Uint8Array<ArrayBuffer>) => ({ kind: 'stream' as const, stream: new Blob([part]).stream(), size: 2048 }),
  ]
  for (const way of ways) {
    t.fake.open = way
    const got = await get('bytes=2000-5000, 0-0, 9000-, 500-1499')
    const body = expected([2000, 2047], [0, 0], [500, 1499])
    expect([got.status, got.headers.get('content-type')]).toEqual([206, `multipart/byteranges; boundary=${boundary}`])
    expect([got.headers.get('content-length'), got.headers.has('content-range')]).toEqual([String(body.length), false])
    expect(got.headers.get('docker-content-digest')).toBe(digest)
    expect(Buffer.compare(Buffer.from(await got.bytes()), body)).toBe(0)
  }
})

test('the boundary is at most 70 characters for sha512 too', async () => {
  const long = digestBytes(bytes, 'sha512')
  t.fake.repository('team/app').blobs.set(long, bytes)
  const got = await t.ask('GET', `/v2/team/app/blobs/${long}`, { headers: { range: 'bytes=0-1,3-4' } })
  expect(got.headers.get('content-type')).toBe(`multipart/byteranges; boundary=${long.slice(7, 71)}`)
})

test('one that is left is a plain part; overlapping or too many are the whole; none is 416', async () => {
  const one = await get('bytes=1-2,5000-')
  expect([one.status, one.headers.get('content-range'), one.headers.get('content-length')]).toEqual([206, 'bytes 1-2/2048', '2'])
  const bomb = `bytes=${Array.from({ length: 1024 }, () => '0-').join(',')}`
  for (const range of ['bytes=0-5,5-6', bomb, `bytes=${Array.from({ length: 1025 }, (_, n) => `${n}-${n}`).join(',')}`]) {
    const whole = await get(range)
    expect([whole.status, whole.headers.get('content-length'), whole.headers.has('content-range')]).toEqual([200, '2048', false])
  }
  const none = await get('bytes=5000-,6000-')
  expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */2048'])
})

test('If-Range decides whether there are parts, and HEAD has none', async () => {
  expect((await get('bytes=0-1,3-4', { 'if-range': `"${digest}"` })).status).toBe(206)
  expect((await get('bytes=0-1,3-4', { 'if-range': '"other"' })).status).toBe(200)
  expect((await t.ask('HEAD', `/v2/team/app/blobs/${digest}`, { headers: { range: 'bytes=0-1,3-4' } })).status).toBe(200)
})

test('a store that has the bytes elsewhere gets the whole request', async () => {
  t.fake.open = () => ({ kind: 'redirect', url: 'https://store.example/x', size: 2048 })
  const got = await get('bytes=0-1,3-4')
  expect([got.status, got.headers.get('location')]).toEqual([307, 'https://store.example/x'])
})

test('a part that is shorter than it must be fails the body before its end', async () => {
  t.fake.open = (part) => ({ kind: 'stream', stream: new Blob([part.slice(1)]).stream(), size: 2048 })
  await expect((await get('bytes=0-10,20-30')).bytes()).rejects.toThrow('11')
})

test('parts are opened one after the other, and a reader that goes away closes the one that is open', async () => {
  let [opened, cancelled] = [0, 0]
  t.fake.open = () => {
    opened++
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => controller.enqueue(new Uint8Array(1))
    return { kind: 'stream', stream: new ReadableStream({ pull, cancel: () => void cancelled++ }), size: 2048 }
  }
  const reader = (await get('bytes=0-9,20-29,40-49')).body?.getReader()
  for (let read = 0; read < 3; read++) await reader?.read()
  expect([opened, cancelled]).toEqual([1, 0])
  await reader?.cancel()
  expect([opened, cancelled]).toEqual([1, 1])
})
