import { beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { digestBytes, RegistryError } from '../../oci/index.ts'
import type { BodyWatch } from '../index.ts'
import { createTestHttp, errorCode, type TestHttp } from '../test-http.testing.ts'

const bytes = new TextEncoder().encode('hello, blob')
const digest = digestBytes(bytes, 'sha256')
const start = '/v2/team/app/blobs/uploads/'
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let t: TestHttp

beforeEach(() => {
  t = createTestHttp()
})

async function begin(): Promise<string> {
  return (await t.ask('POST', start)).headers.get('location') ?? ''
}

function expectStatus(answer: Response, status: number, location: string, range: string): void {
  expect(answer.status).toBe(status)
  expect(answer.headers.get('location')).toBe(location)
  expect(answer.headers.get('range')).toBe(range)
  expect(answer.headers.get('docker-upload-uuid')).toBe(location.slice(start.length))
  expect(answer.headers.get('content-length')).toBe(status === 204 ? null : '0')
  expect(answer.headers.get('cache-control')).toBe('no-store')
}

describe('POST', () => {
  const plain = [start, start.slice(0, -1), `${start}?digest-algorithm=sha512`, `${start}?from=x&origin=y`]

  test.each(plain)('%s begins an upload', async (path) => {
    const answer = await t.ask('POST', path)
    const location = answer.headers.get('location') ?? ''
    expect(location.slice(start.length)).toMatch(uuid)
    expectStatus(answer, 202, location, '0-0')
  })

  test('with a digest takes the whole blob', async () => {
    const answer = await t.ask('POST', `${start}?digest=${encodeURIComponent(digest)}`, { body: bytes })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`/v2/team/app/blobs/${digest}`)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    expect(await (await t.ask('GET', `/v2/team/app/blobs/${digest}`)).bytes()).toEqual(bytes)
  })

  test('with a digest and no body takes the blob of no bytes', async () => {
    const empty = digestBytes(new Uint8Array(0), 'sha256')
    expect((await t.ask('POST', `${start}?digest=${empty}`)).status).toBe(201)
  })

  test.each([
    [`digest=${digestBytes(new Uint8Array(1), 'sha256')}`, 'DIGEST_INVALID'],
    ['digest=sha256:bad', 'DIGEST_INVALID'],
    ['digest=', 'DIGEST_INVALID'],
    ['digest=%zz', 'DIGEST_INVALID'],
    ['digest-algorithm=md5', 'DIGEST_INVALID'],
    ['digest-algorithm=', 'DIGEST_INVALID'],
  ])('?%s is refused', async (query, code) => {
    const answer = await t.ask('POST', `${start}?${query}`, { body: bytes })
    expect(answer.status).toBe(400)
    expect(await errorCode(answer)).toBe(code)
  })

  test('mounts what another repository holds, named or not', async () => {
    t.fake.repository('team/base').blobs.set(digest, bytes)
    for (const from of ['&from=team/base', '&from=team%2Fbase', '', '&origin=x']) {
      const answer = await t.ask('POST', `${start}?mount=${digest}${from}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([201, `/v2/team/app/blobs/${digest}`])
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
    }
  })

  test.each([
    `mount=${digest}&from=team/base`, `mount=${digest}&from=none`, `mount=${digest}&from=BAD..NAME`, `mount=${digest}&from=`,
    `mount=${digest}`, 'mount=sha256:bad&from=team/base', 'mount=', 'mount=%zz&from=%zz',
  ])('?%s is an ordinary upload', async (query) => {
    t.fake.repository('team/base')
    const answer = await t.ask('POST', `${start}?${query}`)
    expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0'])
  })

  test('a mount that failed may still bring the blob along', async () => {
    const answer = await t.ask('POST', `${start}?mount=${digest}&from=none&digest=${digest}`, { body: bytes })
    expect(answer.status).toBe(201)
  })

  test('a malformed name begins nothing', async () => {
    const answer = await t.ask('POST', '/v2/Team/blobs/uploads/')
    expect([answer.status, await errorCode(answer), t.fake.calls]).toEqual([400, 'NAME_INVALID', 0])
  })
})

describe('a session', () => {
  test('takes chunks with and without a range, tells where it is, and ends', async () => {
    const location = await begin()
    expectStatus(await t.ask('GET', location), 204, location, '0-0')
    const first = { body: bytes.slice(0, 4), headers: { 'content-range': '0-3' } }
    expectStatus(await t.ask('PATCH', location, first), 202, location, '0-3')
    expectStatus(await t.ask('PATCH', location, { body: bytes.slice(4, 8) }), 202, location, '0-7')
    expectStatus(await t.ask('GET', location), 204, location, '0-7')
    expectStatus(await t.ask('HEAD', location), 204, location, '0-7')
    const headers = { 'content-range': `8-${bytes.length - 1}` }
    const ended = await t.ask('PUT', `${location}?x=1&digest=${digest}`, { body: bytes.slice(8), headers })
    expect([ended.status, ended.headers.get('location')]).toEqual([201, `/v2/team/app/blobs/${digest}`])
    expect([ended.headers.get('docker-content-digest'), ended.headers.get('content-length')]).toEqual([digest, '0'])
    expect(await (await t.ask('GET', `/v2/team/app/blobs/${digest}`)).bytes()).toEqual(bytes)
    expect((await t.ask('GET', location)).status).toBe(404)
  })

  test('ends with the whole blob in the last request, or with nothing in it', async () => {
    expect((await t.ask('PUT', `${await begin()}?digest=${digest}`, { body: bytes })).status).toBe(201)
    const location = await begin()
    await t.ask('PATCH', location, { body: bytes })
    expect((await t.ask('PUT', `${location}?digest=${digest}`)).status).toBe(201)
  })

  const steps = [['PATCH', ''], ['PUT', `?digest=${digest}`]] as const

  test.each(steps)('%s in the wrong place is told the right one, and the session lives on', async (method, query) => {
    const location = await begin()
    await t.ask('PATCH', location, { body: bytes.slice(0, 4) })
    const answer = await t.ask(method, location + query, { body: bytes.slice(0, 4), headers: { 'content-range': '0-3' } })
    expect([answer.status, answer.headers.get('location'), answer.headers.get('range')]).toEqual([416, location, '0-3'])
    expect(answer.headers.get('docker-upload-uuid')).toBe(location.slice(start.length))
    expect(await errorCode(answer)).toBe('BLOB_UPLOAD_INVALID')
    expectStatus(await t.ask('GET', location), 204, location, '0-3')
  })

  test.each(['x', '3', '5-2', '-3', 'bytes=0-3', '0-99999999999999999'])('a Content-Range of %p is refused', async (range) => {
    const location = await begin()
    const answer = await t.ask('PATCH', location, { body: bytes, headers: { 'content-range': range } })
    expect(answer.status).toBe(400)
    expect(await errorCode(answer)).toBe('BLOB_UPLOAD_INVALID')
    expectStatus(await t.ask('GET', location), 204, location, '0-0')
  })

  const noDigests = ['', '?digest=', '?digest=sha256:bad', `?digest=md5:${'a'.repeat(32)}`]

  test.each(noDigests)('PUT with %p does not end it', async (query) => {
    const location = await begin()
    const answer = await t.ask('PUT', location + query, { body: bytes })
    expect(answer.status).toBe(400)
    expect(await errorCode(answer)).toBe('DIGEST_INVALID')
    expect((await t.ask('GET', location)).status).toBe(204)
  })

  test('is named in full by a 416, whatever part of its name the core was refused with', async () => {
    const location = await begin()
    const overtaken = new RegistryError('RANGE_INVALID', { detail: { id: location.slice(start.length, start.length + 8), offset: 7 } })
    spyOn(t.fake.registry.uploads, 'append').mockRejectedValue(overtaken)
    const answer = await t.ask('PATCH', location, { body: bytes })
    expect([answer.status, answer.headers.get('location'), answer.headers.get('range')]).toEqual([416, location, '0-6'])
    expect(await answer.json()).toMatchObject({ errors: [{ detail: { id: location.slice(start.length), offset: 7 } }] })
  })

  test('is cancelled once', async () => {
    const location = await begin()
    const answer = await t.ask('DELETE', location)
    expect(answer.headers.get('docker-upload-uuid')).toBe(location.split('/').at(-1) ?? '')
    expect([answer.status, answer.headers.has('content-length')]).toEqual([204, false])
    expect((await t.ask('DELETE', location)).status).toBe(404)
  })
})

describe('the body of an upload', () => {
  test('reaches the core as a failed stream when it was cut off', async () => {
    const location = await begin()
    const broken = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes)
        controller.error(new Error('connection lost'))
      },
    })
    const answer = await t.ask('PATCH', location, { body: broken })
    expect(answer.status).toBe(400)
    expect(await errorCode(answer)).toBe('SIZE_INVALID')
  })

  test('is watched: each piece, then its end', async () => {
    const seen: string[] = []
    const watch: BodyWatch = {
      waiting: () => void seen.push('waiting'),
      received: () => void seen.push('received'),
      complete: () => void seen.push('complete'),
      discarding: () => void seen.push('discarding'),
    }
    const pieces = [bytes.slice(0, 3), bytes.slice(3)]
    const body = new ReadableStream({
      pull: (controller) => {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
    })
    const request = new Request(`http://registry.test${start}?digest=${digest}`, { method: 'POST', body })
    expect((await t.http.fetch(request, '::1', watch)).status).toBe(201)
    expect(seen).toEqual(['waiting', 'received', 'waiting', 'received', 'waiting', 'complete'])
  })
})
