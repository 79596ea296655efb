import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { expectBlob } from './blob-life.ts'
import { createClient, textOf, type Answer } from './client.ts'
import { freshBytes, freshRepository } from './content.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

forEachRegistry('pulling blobs', (url) => {
  const client = () => createClient(url())

  test('what is not there is 404, with and without the repository', async () => {
    const [repository, content] = [freshRepository(), freshBytes(10)]
    const path = `/v2/${repository}/blobs/${digestOf(content)}`
    for (const method of ['GET', 'HEAD', 'DELETE']) expect((await client().send(method, path)).status).toBe(404)
    expectError(await client().send('GET', path), 404, 'NAME_UNKNOWN')
    await client().pushBlob(repository, 'something else')
    expectError(await client().send('GET', path), 404, 'BLOB_UNKNOWN')
    const other = freshRepository()
    const digest = await client().pushBlob(other, content)
    // Only the repository it was pushed to has it.
    expectError(await client().send('GET', `/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
  })

  describe.each([2048, 200_000])('of %d bytes', (size) => {
    const push = async () => {
      const [repository, content] = [freshRepository(), freshBytes(size)]
      const digest = await client().pushBlob(repository, content)
      await expectBlob(client(), repository, content, digest)
      const path = `/v2/${repository}/blobs/${digest}`
      const get = (headers: Record<string, string> = {}) => client().send('GET', path, { headers })
      const head = (headers: Record<string, string> = {}) => client().send('HEAD', path, { headers })
      return { content, digest, get, head }
    }

    test('headers that proxies and clients live by', async () => {
      const { content, digest, get, head } = await push()
      for (const answer of [await get(), await head()]) {
        const expected = {
          'content-length': String(content.length),
          'docker-content-digest': digest,
          etag: `"${digest}"`,
          'accept-ranges': 'bytes',
          'cache-control': 'public, max-age=31536000, immutable',
        }
        for (const [name, value] of Object.entries(expected)) expect(answer.headers.get(name)).toBe(value)
      }
      // containerd offers these; a compressed body would not have the digest.
      const encoded = await get({ 'accept-encoding': 'zstd, gzip, deflate' })
      expect(digestOf(encoded.bytes)).toBe(digest)
    })

    test('If-None-Match', async () => {
      const { digest, get, head } = await push()
      for (const tag of [`"${digest}"`, `W/"${digest}"`, '*', `"other", "${digest}"`]) {
        for (const answer of [await get({ 'if-none-match': tag }), await head({ 'if-none-match': tag })]) {
          expect([answer.status, answer.headers.get('etag')]).toEqual([304, `"${digest}"`])
        }
      }
      expect((await get({ 'if-none-match': '"other"' })).status).toBe(200)
    })

    const partial = (answer: Answer, content: Uint8Array, start: number, end: number) => {
      expect(answer.status).toBe(206)
      expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/${content.length}`)
      expect(answer.headers.get('content-length')).toBe(String(end - start + 1))
      expect(Buffer.compare(answer.bytes, content.slice(start, end + 1))).toBe(0)
    }

    test('the ranges of the official program', async () => {
      const { content, get } = await push()
      partial(await get({ range: 'bytes=500-1499' }), content, 500, 1499)
      partial(await get({ range: 'bytes=500-' }), content, 500, size - 1)
      partial(await get({ range: 'bytes=-500' }), content, size - 500, size - 1)
      partial(await get({ range: `bytes=${size - 48}-${size + 2952}` }), content, size - 48, size - 1)
      for (const range of ['bytes=500-0', `bytes=${size + 2952}-${size + 7952}`]) {
        const answer = await get({ range })
        expectError(answer, 416, 'BLOB_UPLOAD_INVALID')
        expect(answer.headers.get('content-range')).toBe(`bytes */${size}`)
      }
    })

    test('ranges at the edges', async () => {
      const { content, digest, get, head } = await push()
      partial(await get({ range: 'bytes=0-0' }), content, 0, 0)
      partial(await get({ range: `bytes=${size - 1}-` }), content, size - 1, size - 1)
      partial(await get({ range: `bytes=0-${size - 1}` }), content, 0, size - 1)
      partial(await get({ range: `bytes=-${size * 2}` }), content, 0, size - 1)
      partial(await get({ range: 'bytes=0-99999999999999999999' }), content, 0, size - 1)
      for (const range of [`bytes=${size}-`, 'bytes=-0', 'bytes=99999999999999999999-']) {
        expect((await get({ range })).status).toBe(416)
      }
      // What cannot be read is ignored (RFC 9110, section 14.2); 400 would stop partial pulls.
      for (const range of ['bytes=a-b', 'lines=1-2', 'bytes=-', 'bytes=0-1,', 'bytes']) {
        const answer = await get({ range })
        expect([answer.status, answer.bytes.length]).toEqual([200, size])
      }
      const headed = await head({ range: 'bytes=0-9' })
      expect([headed.status, headed.headers.get('content-length')]).toEqual([200, String(size)])
      partial(await get({ range: 'bytes=1-2', 'if-range': `"${digest}"` }), content, 1, 2)
      for (const other of ['"other"', `W/"${digest}"`, 'Sat, 01 Jan 2000 00:00:00 GMT']) {
        expect((await get({ range: 'bytes=1-2', 'if-range': other })).status).toBe(200)
      }
      expect((await get({ range: 'bytes=1-2', 'if-none-match': `"${digest}"` })).status).toBe(304)
    })
  })

  test('an empty blob', async () => {
    const repository = freshRepository()
    const digest = await client().pushBlob(repository, '')
    for (const method of ['GET', 'HEAD']) {
      const answer = await client().send(method, `/v2/${repository}/blobs/${digest}`)
      expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '0'])
    }
    expect((await client().send('GET', `/v2/${repository}/blobs/${digest}`, { headers: { range: 'bytes=0-' } })).status).toBe(200)
  })

  test.each([
    'sha256:abc',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'g'.repeat(64)}`,
    `sha512:${'a'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `blake3:${'a'.repeat(64)}`,
    `SHA256:${'a'.repeat(64)}`,
    'latest',
    '%73ha256:zz',
  ])('%s is no digest', async (digest) => {
    const path = `/v2/${freshRepository()}/blobs/${digest}`
    for (const method of ['GET', 'DELETE']) expectError(await client().send(method, path), 400, 'DIGEST_INVALID')
    expect((await client().send('HEAD', path)).status).toBe(400)
  })

  test('a digest may come percent-encoded', async () => {
    const [repository, content] = [freshRepository(), freshBytes(100)]
    const digest = await client().pushBlob(repository, content)
    for (const colon of ['%3A', '%3a']) {
      const answer = await client().send('GET', `/v2/${repository}/blobs/${digest.replace(':', colon)}`)
      expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([200, digest])
    }
  })

  test('the same content under two algorithms', async () => {
    const [repository, content] = [freshRepository(), freshBytes(50_000)]
    const sha256 = await client().pushBlob(repository, content)
    expect((await client().send('GET', `/v2/${repository}/blobs/${digestOf(content, 'sha512')}`)).status).toBe(404)
    const sha512 = await client().pushBlob(repository, content, 'sha512')
    for (const digest of [sha256, sha512]) await expectBlob(client(), repository, content, digest)
    expect((await client().send('DELETE', `/v2/${repository}/blobs/${sha256}`)).status).toBe(202)
    await expectBlob(client(), repository, content, sha512)
  })

  test('an answer to HEAD has no body, whatever is wrong', async () => {
    expect(textOf(await client().send('HEAD', '/v2/nothing/here/at/all'))).toBe('')
  })
})
