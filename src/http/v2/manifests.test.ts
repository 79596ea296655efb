import { beforeEach, describe, expect, test } from 'bun:test'
import { digestBytes, mediaTypes, RegistryError } from '../../oci/index.ts'
import { privateAccess } from '../gate.testing.ts'
import { createTestHttp, errorCode, type TestHttp } from '../test-http.testing.ts'

const encoder = new TextEncoder()
const text = '{"schemaVersion":2, "mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
const bytes = encoder.encode(text)
const digest = digestBytes(bytes, 'sha256')
const other = `sha256:${'0'.repeat(64)}`

let t: TestHttp

beforeEach(() => {
  t = createTestHttp()
  const repository = t.fake.repository('team/app')
  repository.manifests.set(digest, { digest, mediaType: mediaTypes.ociIndex, size: bytes.length, bytes })
  repository.tags.set('1.4', digest)
})

const byTag = '/v2/team/app/manifests/1.4'
const byDigest = `/v2/team/app/manifests/${digest}`

describe('GET and HEAD', () => {
  test.each([byTag, byDigest])('%s gives the stored bytes and says what they are', async (path) => {
    const got = await t.ask('GET', path)
    expect(got.status).toBe(200)
    expect(await got.text()).toBe(text)
    expect(Object.fromEntries(got.headers)).toEqual({
      'content-type': mediaTypes.ociIndex,
      'content-length': String(bytes.length),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'cache-control': path === byTag ? 'no-cache' : 'public, max-age=31536000, s-maxage=3600, immutable',
      'docker-distribution-api-version': 'registry/2.0',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String),
    })
    const head = await t.ask('HEAD', path)
    expect(head.status).toBe(200)
    expect(head.body).toBeNull()
    const { date, ...headers } = Object.fromEntries(head.headers)
    expect(date).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    expect(headers).toEqual({ ...Object.fromEntries(got.headers), 'x-request-id': expect.any(String) })
  })

  test.each([null, '*/*', 'application/vnd.docker.distribution.manifest.v2+json', 'text/html;q=0.9, nonsense'])(
    'Accept: %p changes nothing',
    async (accept) => {
      const got = await t.ask('GET', byTag, { headers: accept === null ? {} : { accept } })
      expect([got.status, got.headers.get('content-type')]).toEqual([200, mediaTypes.ociIndex])
    },
  )

  test.each(['GET', 'HEAD'])('%s answers 304 to whoever has it', async (method) => {
    for (const header of [`"${digest}"`, `W/"${digest}"`, '*', `"x", "${digest}"`]) {
      const answer = await t.ask(method, byTag, { headers: { 'if-none-match': header } })
      expect(answer.status).toBe(304)
      expect(answer.body).toBeNull()
      expect(answer.headers.get('etag')).toBe(`"${digest}"`)
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      expect(answer.headers.has('content-length')).toBe(false)
      expect(answer.headers.has('content-type')).toBe(false)
    }
    expect((await t.ask(method, byTag, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
  })

  test.each([
    ['/v2/team/app/manifests/none', 404, 'MANIFEST_UNKNOWN'],
    [`/v2/team/app/manifests/${other}`, 404, 'MANIFEST_UNKNOWN'],
    ['/v2/team/none/manifests/1.4', 404, 'NAME_UNKNOWN'],
    ['/v2/team/app/manifests/.INVALID_MANIFEST_NAME', 404, 'MANIFEST_UNKNOWN'],
    [`/v2/team/app/manifests/${'a'.repeat(129)}`, 404, 'MANIFEST_UNKNOWN'],
    ['/v2/team/app/manifests/sha256:totallywrong', 400, 'DIGEST_INVALID'],
    [`/v2/team/app/manifests/blake3:${'a'.repeat(64)}`, 400, 'DIGEST_INVALID'],
    ['/v2/Team/app/manifests/1.4', 400, 'NAME_INVALID'],
    ['/v2/team/app/manifests/%zz', 400, 'NAME_INVALID'],
  ])('%s: %d %s', async (path, status, code) => {
    const got = await t.ask('GET', path)
    expect(got.status).toBe(status)
    const length = got.headers.get('content-length')
    expect(await errorCode(got)).toBe(code)
    const head = await t.ask('HEAD', path)
    expect([head.status, head.body, head.headers.get('content-length')]).toEqual([status, null, length])
    const deleted = await t.ask('DELETE', path)
    expect(deleted.status).toBe(status)
    expect(await errorCode(deleted)).toBe(code)
  })

  const unfit = ['text/html', 'application/xhtml+xml', 'a/b\r\nx-evil: 1', 'a\u0000', '\u00e4/b', 'a b', '', 'a\u{1f6a2}']

  test.each(unfit)('a stored media type %j does no harm', async (mediaType) => {
    t.fake.repository('team/app').manifests.set(digest, { digest, mediaType, size: bytes.length, bytes })
    const got = await t.ask('GET', byTag)
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
    expect(got.headers.has('x-evil')).toBe(false)
  })

  test('where pulling needs a right nothing may be kept', async () => {
    const closed = createTestHttp({ registry: t.fake.registry, access: privateAccess })
    for (const path of [byTag, byDigest]) {
      expect((await closed.ask('GET', path)).headers.get('cache-control')).toBe('private, no-store')
    }
  })
})

describe('PUT', () => {
  const put = (reference: string, init: RequestInit = {}) =>
    t.ask('PUT', `/v2/team/new/manifests/${reference}`, { body: text, ...init })

  test('keeps the exact bytes under the tag and their digest', async () => {
    const answer = await put('v1', { headers: { 'content-type': mediaTypes.ociIndex } })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`/v2/team/new/manifests/${digest}`)
    expect(answer.headers.get('docker-content-digest')).toBe(digest)
    expect(answer.headers.get('content-length')).toBe('0')
    expect(answer.headers.has('oci-subject')).toBe(false)
    expect(answer.headers.has('oci-tag')).toBe(false)
    expect(await (await t.ask('GET', '/v2/team/new/manifests/v1')).text()).toBe(text)
  })

  test('names the subject', async () => {
    const body = JSON.stringify({ schemaVersion: 2, subject: { digest: other } })
    expect((await put('v1', { body })).headers.get('oci-subject')).toBe(other)
  })

  test('passes Content-Type on as it came, or that there was none', async () => {
    const seen: unknown[] = []
    const { registry } = t.fake
    const push: typeof registry.push = {
      manifest: (actor, name, reference, upload) => {
        seen.push(upload.contentType)
        return registry.push.manifest(actor, name, reference, upload)
      },
    }
    const { ask } = createTestHttp({ registry: { ...registry, push } })
    await ask('PUT', '/v2/a/manifests/x', { body: bytes, headers: { 'content-type': 'application/x; charset=utf-8' } })
    await ask('PUT', '/v2/a/manifests/x', { body: bytes })
    expect(seen).toEqual(['application/x; charset=utf-8', undefined])
  })

  test('what a manifest lacks, and a type that is obsolete, are told in a warning', async () => {
    expect((await put('v1')).headers.has('warning')).toBe(false)
    t.fake.absent = 2
    const sparse = (await put('v1')).headers.get('warning')
    expect(sparse).toMatch(/^299 - "2 things that this manifest names are not in this repository; [^"]*"$/)
    const obsolete = (await put('v1', { headers: { 'content-type': mediaTypes.ociArtifact } })).headers.get('warning')
    expect(obsolete).toBe(`${sparse}, 299 - "${mediaTypes.ociArtifact} was withdrawn before OCI 1.1 and few clients read it; push an image manifest with artifactType instead"`)
  })

  test('further tags come with a digest and are told', async () => {
    const answer = await put(`${digest}?tag=a&tag=b&tag=a&x=1`)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('oci-tag')).toBe('a, b')
    expect((await t.ask('GET', '/v2/team/new/manifests/b')).status).toBe(200)
  })

  test('beside a tag they mean nothing', async () => {
    const answer = await put('v1?tag=a')
    expect([answer.status, answer.headers.has('oci-tag')]).toEqual([201, false])
    expect((await t.ask('GET', '/v2/team/new/manifests/a')).status).toBe(404)
  })

  test.each([
    [`${digest}?tag=.bad`, 400, 'TAG_INVALID'],
    [`${digest}?${Array.from({ length: 65 }, (_, i) => `tag=t${i}`).join('&')}`, 414, 'TAG_INVALID'],
    ['-bad', 400, 'TAG_INVALID'],
    ['sha256:baddigeststring', 400, 'DIGEST_INVALID'],
  ])('%s is refused before anything is stored', async (reference, status, code) => {
    const answer = await put(reference)
    expect(answer.status).toBe(status)
    expect(await errorCode(answer)).toBe(code)
    expect(t.fake.calls).toBe(0)
  })

  test('If-Match and If-None-Match reach the core; nonsense does not', async () => {
    const seen: unknown[] = []
    const { registry } = t.fake
    const push: typeof registry.push = { manifest: async (...call) => (seen.push(call[3].precondition), await registry.push.manifest(...call)) }
    const { ask } = createTestHttp({ registry: { ...registry, push } })
    const send = (headers: Record<string, string>) => ask('PUT', '/v2/a/manifests/x', { body: bytes, headers })
    for (const headers of [{}, { 'if-none-match': '*' }, { 'if-match': `"${digest}", W/"x"` }]) {
      expect((await send(headers)).status).toBe(201)
    }
    expect(seen).toEqual([
      undefined,
      { match: undefined, noneMatch: 'any' },
      { match: [digest], noneMatch: undefined },
    ])
    const answer = await send({ 'if-match': digest })
    expect([answer.status, await errorCode(answer), seen.length]).toEqual([400, 'UNSUPPORTED', 3])
  })

  test('64 tags are not too many', async () => {
    expect((await put(`${digest}?${Array.from({ length: 64 }, (_, i) => `tag=t${i}`).join('&')}`)).status).toBe(201)
  })

  test('a manifest of the largest size is taken, one byte more is not', async () => {
    const largest = JSON.stringify({ pad: 'x'.repeat(4096 - 10) })
    expect(largest).toHaveLength(4096)
    expect((await put('v1', { body: largest })).status).toBe(201)
    const answer = await put('v2', { body: `${largest} ` })
    expect(answer.status).toBe(413)
    expect(await errorCode(answer)).toBe('MANIFEST_INVALID')
    expect(t.fake.repository('team/new').tags.has('v2')).toBe(false)
  })

  test('a declared length over the limit is refused without reading', async () => {
    let pulled = 0
    const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 })
    const answer = await put('v1', { body, headers: { 'content-length': '4097' } })
    expect([answer.status, pulled]).toEqual([413, 0])
  })

  test('an endless body is read up to the limit and no further', async () => {
    let sent = 0
    let cancelled = false
    const body = new ReadableStream({
      pull: (controller) => {
        sent += 1000
        controller.enqueue(new Uint8Array(1000))
      },
      cancel: () => {
        cancelled = true
      },
    })
    const answer = await put('v1', { body })
    expect([answer.status, cancelled]).toEqual([413, true])
    expect(sent).toBeLessThan(10_000)
  })

  test('a body cut off, or not as long as announced, is not stored', async () => {
    const broken = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes)
        controller.error(new Error('connection lost'))
      },
    })
    for (const init of [{ body: broken }, { body: text, headers: { 'content-length': '3000' } }]) {
      const answer = await put('v1', init)
      expect(answer.status).toBe(400)
      expect(await errorCode(answer)).toBe('SIZE_INVALID')
    }
    expect(t.fake.calls).toBe(0)
  })
})

describe('DELETE', () => {
  test('If-Match reaches the core', async () => {
    const seen: unknown[] = []
    const { registry } = t.fake
    const deletes: typeof registry.deletes = {
      ...registry.deletes,
      manifest: async (...call) => {
        seen.push(call[3])
        throw new RegistryError('PRECONDITION_FAILED')
      },
    }
    const { ask } = createTestHttp({ registry: { ...registry, deletes } })
    const answer = await ask('DELETE', byTag, { headers: { 'if-match': `"${digest}"` } })
    expect([answer.status, await errorCode(answer)]).toEqual([412, 'DENIED'])
    expect(seen).toEqual([{ match: [digest], noneMatch: undefined }])
  })

  test('by tag takes the tag, by digest the manifest', async () => {
    const answer = await t.ask('DELETE', byTag)
    expect([answer.status, answer.headers.get('content-length')]).toEqual([202, '0'])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect((await t.ask('HEAD', byTag)).status).toBe(404)
    expect((await t.ask('HEAD', byDigest)).status).toBe(200)
    expect((await t.ask('DELETE', byDigest)).status).toBe(202)
    expect((await t.ask('HEAD', byDigest)).status).toBe(404)
  })
})
