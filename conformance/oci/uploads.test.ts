import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { expectCreated, expectNoBlob } from './blob-life.ts'
import { createClient, locationOf, streamOf, withQuery } from './client.ts'
import { freshBytes, freshRepository } from './content.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

forEachRegistry('uploads', (url) => {
  const client = () => createClient(url())

  test('a new session: Location, Range, id, with and without the slash', async () => {
    const repository = freshRepository()
    const bodies = [undefined, { headers: { 'content-type': 'application/json' } }]
    for (const path of [`/v2/${repository}/blobs/uploads/`, `/v2/${repository}/blobs/uploads`]) {
      for (const options of bodies) {
        const answer = await client().send('POST', path, options)
        expect([answer.status, answer.headers.get('range'), answer.bytes.length]).toEqual([202, '0-0', 0])
        expect(locationOf(answer)).toStartWith(`/v2/${repository}/blobs/uploads/`)
        expect(locationOf(answer)).toMatch(uuid)
        expect(answer.headers.get('docker-upload-uuid')).toMatch(uuid)
      }
    }
  })

  test('the status of a session, and HEAD of it', async () => {
    const repository = freshRepository()
    const location = await client().startUpload(repository)
    const id = uuid.exec(location)?.[0]
    for (const [received, range] of [[0, '0-0'], [1, '0-0'], [1000, '0-999'], [40_000, '0-39999']] as const) {
      const before = await client().send('GET', location)
      const have = Number(before.headers.get('range')?.split('-')[1])
      const missing = received - (have === 0 && received <= 1 ? 0 : have + 1)
      if (missing > 0) expect((await client().send('PATCH', location, { body: freshBytes(missing) })).status).toBe(202)
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await client().send(method, location)
        expect([status, headers.get('range'), headers.get('location'), headers.get('docker-upload-uuid')]).toEqual([
          204, range, location, String(id),
        ])
      }
    }
  })

  test('a session can be cancelled once', async () => {
    const repository = freshRepository()
    for (const body of [undefined, freshBytes(100), freshBytes(100_000)]) {
      const location = await client().startUpload(repository)
      if (body !== undefined) expect((await client().send('PATCH', location, { body })).status).toBe(202)
      expect((await client().send('DELETE', location)).status).toBe(204)
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        expectError(await client().send(method, location), 404, 'BLOB_UPLOAD_UNKNOWN')
      }
      const put = withQuery(location, { digest: digestOf(body ?? '') })
      expectError(await client().send('PUT', put), 404, 'BLOB_UPLOAD_UNKNOWN')
      await expectNoBlob(client(), repository, digestOf(body ?? ''))
    }
  })

  test('unknown sessions, and those of another repository', async () => {
    const [repository, other] = [freshRepository(), freshRepository()]
    const location = await client().startUpload(repository)
    const unknown = [
      location.replace(repository, other),
      `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`,
      `/v2/${repository}/blobs/uploads/none`,
      `/v2/${repository}/blobs/uploads/..%2f..%2fblobs`,
    ]
    for (const path of unknown) {
      for (const method of ['GET', 'PATCH', 'DELETE', 'PUT']) {
        const answer = await client().send(method, method === 'PUT' ? withQuery(path, { digest: digestOf('') }) : path)
        expectError(answer, 404, 'BLOB_UPLOAD_UNKNOWN')
      }
    }
    expect((await client().send('GET', location)).status).toBe(204)
  })

  test('a lost answer: the closing PUT again, and then with another digest', async () => {
    const [repository, content] = [freshRepository(), freshBytes(50_000)]
    const location = await client().startUpload(repository)
    expect((await client().send('PATCH', location, { body: content })).status).toBe(202)
    const digest = digestOf(content)
    for (let time = 0; time < 2; time++) {
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    }
    const other = await client().send('PUT', withQuery(location, { digest: digestOf('other') }))
    expectError(other, 404, 'BLOB_UPLOAD_UNKNOWN')
  })

  test('the digest percent-encoded or plain, before and after other parameters', async () => {
    const repository = freshRepository()
    for (const query of ['digest=DIGEST', 'a=b&digest=DIGEST', 'digest=DIGEST&state=x%2Fy', '&digest=ENCODED&']) {
      const content = freshBytes(100)
      const digest = digestOf(content)
      const filled = query.replace('DIGEST', digest).replace('ENCODED', encodeURIComponent(digest))
      const answer = await client().send('PUT', `${await client().startUpload(repository)}?${filled}`, { body: content })
      await expectCreated(client(), repository, answer, content, digest)
    }
  })

  test.each([
    '', 'digest=', 'digest', 'digest=%zz', 'digest=latest', 'digest=sha256:abc', `digest=md5:${'0'.repeat(32)}`,
    `digest=sha256:${'A'.repeat(64)}`,
  ])('a PUT that ends with ?%s stores nothing and leaves the session', async (query) => {
    const repository = freshRepository()
    const content = freshBytes(1000)
    const location = await client().startUpload(repository)
    expectError(await client().send('PUT', `${location}?${query}`, { body: content }), 400, 'DIGEST_INVALID')
    expect((await client().send('GET', location)).headers.get('range')).toBe('0-0')
    const answer = await client().send('PUT', withQuery(location, { digest: digestOf(content) }), { body: content })
    await expectCreated(client(), repository, answer, content, digestOf(content))
  })

  test.each(['digest=', 'digest=%zz', 'digest=latest', 'digest=sha256:abc', 'digest-algorithm=md5', 'digest-algorithm=%zz'])(
    'a POST with ?%s is refused',
    async (query) => {
      const path = `/v2/${freshRepository()}/blobs/uploads/?${query}`
      expectError(await client().send('POST', path, { body: 'x' }), 400, 'DIGEST_INVALID')
    },
  )

  test('a hint at the algorithm binds nobody', async () => {
    const [repository, content] = [freshRepository(), freshBytes(40_000)]
    for (const hint of ['sha256', 'sha512']) {
      for (const algorithm of ['sha256', 'sha512'] as const) {
        const path = `/v2/${repository}/blobs/uploads/?digest-algorithm=${hint}`
        const location = locationOf(await client().send('POST', path))
        const digest = digestOf(content, algorithm)
        const answer = await client().send('PUT', withQuery(location, { digest }), { body: content })
        await expectCreated(client(), repository, answer, content, digest)
      }
    }
  })

  describe.each([900, 90_000])('chunks of %d bytes', (size) => {
    const chunk = (location: string, range: string, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>) =>
      client().send('PATCH', location, { headers: { 'content-range': range }, body })

    test('Content-Range as some clients write it', async () => {
      const [repository, content] = [freshRepository(), freshBytes(3 * size)]
      let location = await client().startUpload(repository)
      for (const [at, form] of ['bytes RANGE', 'RANGE/*', 'RANGE'].entries()) {
        const [first, last] = [at * size, (at + 1) * size - 1]
        const range = form.replace('RANGE', `${first}-${last}`)
        const answer = await chunk(location, range, streamOf(content.slice(first, last + 1), 500))
        expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${last}`])
        location = locationOf(answer)
      }
      const digest = digestOf(content)
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    })

    test.each(['x', '5', '-5', '5-', '0-x', '9-0', '1e3-2e3', '0x0-0x9', `0-${'9'.repeat(30)}`, 'bytes */5', '0-5,6-9'])(
      'the malformed Content-Range %j is refused, and the session goes on',
      async (range) => {
        const [repository, content] = [freshRepository(), freshBytes(size)]
        const location = await client().startUpload(repository)
        expectError(await chunk(location, range, content), 400, 'BLOB_UPLOAD_INVALID')
        expect((await client().send('GET', location)).headers.get('range')).toBe('0-0')
        expect((await chunk(location, `0-${size - 1}`, content)).status).toBe(202)
      },
    )

    test('a body longer or shorter than its Content-Range adds nothing', async () => {
      const [repository, content] = [freshRepository(), freshBytes(2 * size)]
      const location = await client().startUpload(repository)
      expect((await chunk(location, `0-${size - 1}`, content.slice(0, size))).status).toBe(202)
      for (const wrong of [1, size - 1, size + 1]) {
        const range = `${size}-${size + wrong - 1}`
        expectError(await chunk(location, range, content.slice(size)), 400, 'SIZE_INVALID')
        expectError(await chunk(location, range, streamOf(content.slice(size), 300)), 400, 'SIZE_INVALID')
        const put = withQuery(location, { digest: digestOf(content) })
        const options = { headers: { 'content-range': range }, body: content.slice(size) }
        expectError(await client().send('PUT', put, options), 400, 'SIZE_INVALID')
        const status = await client().send('GET', location)
        expect([status.status, status.headers.get('range')]).toEqual([204, `0-${size - 1}`])
      }
      expect((await chunk(location, `${size}-${2 * size - 1}`, content.slice(size))).status).toBe(202)
      const digest = digestOf(content)
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    })

    test('two at once: one wins, the other is told where the session is', async () => {
      const [repository, content] = [freshRepository(), freshBytes(size)]
      const location = await client().startUpload(repository)
      const answers = await Promise.all(Array.from({ length: 4 }, () => chunk(location, `0-${size - 1}`, streamOf(content, 100))))
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 416, 416, 416])
      for (const { headers } of answers) expect(headers.get('range')).toBe(`0-${size - 1}`)
      const digest = digestOf(content)
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    })
  })

  test('two of the same blob at once, and from many repositories', async () => {
    const content = freshBytes(120_000)
    const digest = digestOf(content)
    const repositories = [freshRepository(), freshRepository(), freshRepository()]
    const push = async (repository: string) => {
      const put = withQuery(await client().startUpload(repository), { digest })
      const answer = await client().send('PUT', put, { body: streamOf(content, 5000) })
      await expectCreated(client(), repository, answer, content, digest)
    }
    await Promise.all([...repositories, ...repositories].map(push))
  })

  test('nothing in a PATCH adds nothing', async () => {
    const [repository, content] = [freshRepository(), freshBytes(10)]
    const location = await client().startUpload(repository)
    for (const body of [undefined, streamOf(freshBytes(0), 1)]) {
      const answer = await client().send('PATCH', location, { body })
      expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0'])
    }
    const put = withQuery(location, { digest: digestOf(content) })
    await expectCreated(client(), repository, await client().send('PUT', put, { body: content }), content, digestOf(content))
  })
})
