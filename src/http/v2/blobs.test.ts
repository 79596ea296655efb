import { beforeEach, describe, expect, test } from 'bun:test'
import { digestBytes } from '../../oci/index.ts'
import { createTestHttp, errorCode, type TestHttp } from '../test-http.testing.ts'

const bytes = Uint8Array.from({ length: 2048 }, (_, i) => (i * 7) % 251)
const digest = digestBytes(bytes, 'sha256')
const nothing = new Uint8Array(0)
const emptyDigest = digestBytes(nothing, 'sha256')
const path = `/v2/team/app/blobs/${digest}`

let t: TestHttp

beforeEach(() => {
  t = createTestHttp()
  t.fake.repository('team/app').blobs.set(digest, bytes).set(emptyDigest, nothing)
})

const get = (headers: Record<string, string> = {}, at = path) => t.ask('GET', at, { headers })

describe('GET and HEAD', () => {
  test('give the bytes and say what they are', async () => {
    const got = await get()
    expect(got.status).toBe(200)
    expect(await got.bytes()).toEqual(bytes)
    const common = {
      'content-type': 'application/octet-stream',
      'content-length': '2048',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'cache-control': 'public, max-age=31536000, s-maxage=3600, immutable',
      'accept-ranges': 'bytes',
      'docker-distribution-api-version': 'registry/2.0',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    }
    expect(Object.fromEntries(got.headers)).toEqual({ ...common, 'content-disposition': 'attachment' })
    const head = await t.ask('HEAD', path)
    expect([head.status, head.body]).toEqual([200, null])
    expect(Object.fromEntries(head.headers)).toEqual({ ...common, date: expect.any(String) })
  })

  test('a blob of no bytes is one', async () => {
    for (const headers of [{}, { range: 'bytes=0-5' }]) {
      const got = await get(headers, `/v2/team/app/blobs/${emptyDigest}`)
      expect([got.status, got.headers.get('content-length'), await got.text()]).toEqual([200, '0', ''])
    }
    const head = await t.ask('HEAD', `/v2/team/app/blobs/${emptyDigest}`)
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '0'])
  })

  test('the colon may be percent-encoded', async () => {
    expect((await get({}, path.replace('sha256:', 'sha256%3A'))).status).toBe(200)
  })

  test.each([`"${digest}"`, `W/"${digest}"`, '*', `"x", "${digest}"`])('If-None-Match: %s is answered 304', async (header) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await t.ask(method, path, { headers: { 'if-none-match': header, range: 'bytes=0-1' } })
      expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([304, null, `"${digest}"`])
    }
  })

  test.each([
    [`/v2/team/app/blobs/sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
    [`/v2/none/blobs/${digest}`, 404, 'NAME_UNKNOWN'],
    ['/v2/team/app/blobs/sha256:x', 400, 'DIGEST_INVALID'],
    ['/v2/team/app/blobs/latest', 400, 'DIGEST_INVALID'],
    [`/v2/team/app/blobs/${digest.toUpperCase()}`, 400, 'DIGEST_INVALID'],
    [`/v2/team/App/blobs/${digest}`, 400, 'NAME_INVALID'],
  ])('%s: %d %s', async (at, status, code) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await t.ask(method, at)
      expect(answer.status).toBe(status)
      expect(await errorCode(answer)).toBe(code)
    }
    expect((await t.ask('HEAD', at)).status).toBe(status)
  })
})

describe('ranges', () => {
  test.each([
    ['bytes=500-1499', 500, 1499],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=2000-5000', 2000, 2047],
    ['bytes=0-0', 0, 0],
    ['bytes=-5000', 0, 2047],
  ])('%s', async (range, start, end) => {
    const got = await get({ range })
    expect(got.status).toBe(206)
    expect(got.headers.get('content-range')).toBe(`bytes ${start}-${end}/2048`)
    expect(got.headers.get('content-length')).toBe(String(end - start + 1))
    expect(await got.bytes()).toEqual(bytes.slice(start, end + 1))
  })

  test.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0'])('%s is refused with the size', async (range) => {
    const got = await get({ range })
    expect([got.status, got.headers.get('content-range')]).toEqual([416, 'bytes */2048'])
    expect(await errorCode(got)).toBe('BLOB_UPLOAD_INVALID')
  })

  test.each(['bytes=0-5,5-6', 'lines=1-2', 'bytes=x', 'bytes=-', ''])('%p is ignored', async (range) => {
    const got = await get({ range })
    expect([got.status, got.headers.get('content-length')]).toEqual([200, '2048'])
  })

  test('If-Range decides whether there is one', async () => {
    expect((await get({ range: 'bytes=0-1', 'if-range': `"${digest}"` })).status).toBe(206)
    for (const other of [`W/"${digest}"`, '"x"', 'Sat, 01 Jan 2028 00:00:00 GMT']) {
      expect((await get({ range: 'bytes=5000-', 'if-range': other })).status).toBe(200)
    }
  })

  test('HEAD has none', async () => {
    const head = await t.ask('HEAD', path, { headers: { range: 'bytes=0-1' } })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '2048'])
  })
})

describe('the ways a store opens an object', () => {
  test('a redirect goes to the store, and nothing may keep it', async () => {
    t.fake.open = (_, whole) => ({ kind: 'redirect', url: 'https://store.example/x?sig=1', size: whole.length })
    const got = await get({ range: 'bytes=0-1' })
    expect([got.status, got.headers.get('location'), got.headers.get('cache-control')]).toEqual([
      307,
      'https://store.example/x?sig=1',
      'no-store',
    ])
    expect([got.headers.has('content-range'), got.headers.has('accept-ranges')]).toEqual([false, false])
    expect(JSON.stringify(t.log)).not.toContain('sig=1')
  })

  test('a stream', async () => {
    t.fake.open = (part, whole) => ({ kind: 'stream', stream: new Blob([part]).stream(), size: whole.length })
    expect(await (await get()).bytes()).toEqual(bytes)
    expect(await (await get({ range: 'bytes=3-9' })).bytes()).toEqual(bytes.slice(3, 10))
  })

  test.each([2047, 2049])('a stream of %d bytes instead of 2048 fails before its end', async (count) => {
    const stream = () => new Blob([new Uint8Array(count)]).stream()
    t.fake.open = (_, whole) => ({ kind: 'stream', stream: stream(), size: whole.length })
    const got = await get()
    await expect(got.bytes()).rejects.toThrow('2048')
  })

  test('a reader that goes away ends the stream from the store', async () => {
    let cancelled = false
    t.fake.open = (_, whole) => ({
      kind: 'stream',
      size: whole.length,
      stream: new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => {
          cancelled = true
        },
      }),
    })
    const reader = (await get()).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(cancelled).toBe(true)
  })
})

test('DELETE takes the blob out of the repository', async () => {
  expect((await t.ask('DELETE', path)).status).toBe(202)
  expect((await t.ask('HEAD', path)).status).toBe(404)
})
