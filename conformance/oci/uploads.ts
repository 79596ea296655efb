import { expect } from 'bun:test'
import { berth, clients, must, NotSupported, type Group } from '../checks/check.ts'
import { digestOf, type Algorithm } from '../digest.ts'
import { expectCreated, expectNoBlob } from './blob-life.ts'
import { locationOf, streamOf, withQuery, type Client } from './client.ts'
import { freshBytes } from './content.ts'
import { expectError, expectRefused } from './expect-error.ts'
import { uploadChunks } from './upload-chunks.ts'

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** Ends an upload with all of its content and expects the blob. */
async function finish(client: Client, repository: string, location: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = digestOf(content)
  const answer = await client.send('PUT', withQuery(location, { digest }), { body: content })
  await expectCreated(client, repository, answer, content, digest)
}

const begun = [
  must('begin', 'POST begins an upload: 202 with a Location', [], async (client) => {
    const { status, headers } = await client.send('POST', `/v2/${client.repository()}/blobs/uploads/`)
    expect([status, headers.has('location')]).toEqual([202, true])
  }),
  clients('begin-without-slash', 'an upload begins at uploads without a slash too', ['quirks/upload-slash'], async (client) => {
    expect((await client.send('POST', `/v2/${client.repository()}/blobs/uploads`)).status).toBe(202)
  }),
  clients('begin-with-type', 'a Content-Type of the POST changes nothing', ['quirks/post-content-type'], async (client) => {
    const headers = { 'content-type': 'application/json' }
    expect((await client.send('POST', `/v2/${client.repository()}/blobs/uploads/`, { headers })).status).toBe(202)
  }),
  clients('location-path', 'Location is a path that begins with a slash', ['quirks/location-path-absolute'], async (client) => {
    const repository = client.repository()
    expect(await client.startUpload(repository)).toStartWith(`/v2/${repository}/blobs/uploads/`)
  }),
  clients('location-origin', 'there is one Location, and it leads to no other host', [
    'quirks/location-same-origin', 'quirks/location-once',
  ], async (client) => {
    const location = await client.startUpload(client.repository())
    expect(new URL(location, client.url).origin).toBe(new URL(client.url).origin)
  }),
  clients('empty-range', 'the Range of an upload without content is 0-0', ['quirks/range-empty-session'], async (client) => {
    const answer = await client.send('POST', `/v2/${client.repository()}/blobs/uploads/`)
    expect(answer.headers.get('range')).toBe('0-0')
    expect((await client.send('GET', locationOf(answer))).headers.get('range')).toBe('0-0')
  }),
  clients('abandoned', 'uploads that are begun and left hurt nothing', ['quirks/abandoned-upload'], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(100)]
    const [first = ''] = await Promise.all(Array.from({ length: 20 }, () => client.startUpload(repository)))
    await finish(client, repository, first, content)
  }),
  berth('begin-headers', 'a new upload has an id, and its address is that of an upload', [], async (client) => {
    const repository = client.repository()
    for (const path of [`/v2/${repository}/blobs/uploads/`, `/v2/${repository}/blobs/uploads`]) {
      for (const options of [undefined, { headers: { 'content-type': 'application/json' } }]) {
        const answer = await client.send('POST', path, options)
        expect([answer.status, answer.headers.get('range'), answer.bytes.length]).toEqual([202, '0-0', 0])
        expect(locationOf(answer)).toStartWith(`/v2/${repository}/blobs/uploads/`)
        expect(locationOf(answer)).toMatch(uuid)
        expect(answer.headers.get('docker-upload-uuid')).toMatch(uuid)
      }
    }
  }),
]

const status = berth('status', 'GET and HEAD of an upload say how far it is', [], async (client) => {
  const location = await client.startUpload(client.repository())
  const id = uuid.exec(location)?.[0]
  for (const [received, range] of [[0, '0-0'], [1, '0-0'], [1000, '0-999'], [40_000, '0-39999']] as const) {
    const before = await client.send('GET', location)
    const have = Number(before.headers.get('range')?.split('-')[1])
    const missing = received - (have === 0 && received <= 1 ? 0 : have + 1)
    if (missing > 0) expect((await client.send('PATCH', location, { body: freshBytes(missing) })).status).toBe(202)
    for (const method of ['GET', 'HEAD']) {
      const { status: code, headers } = await client.send(method, location)
      expect([code, headers.get('range'), headers.get('location'), headers.get('docker-upload-uuid')]).toEqual([
        204, range, location, String(id),
      ])
    }
  }
})

const cancels = [
  ...(['sha256', 'sha512'] satisfies Algorithm[]).map((algorithm) =>
    must(`cancel-${algorithm}`, `an upload can be cancelled (${algorithm})`, [`v2/${algorithm}/post-cancel`], async (client) => {
      const repository = client.repository()
      for (const body of [undefined, freshBytes(100), freshBytes(100_000)]) {
        const location = await client.startUpload(repository)
        const sent = body === undefined ? location : locationOf(await client.send('PATCH', location, { body }))
        const cancelled = await client.send('DELETE', sent)
        if (cancelled.status === 405 && !client.holdsTo('berth')) throw new NotSupported('405')
        expect(cancelled.status).toBe(204)
        for (const method of ['GET', 'PATCH', 'DELETE']) {
          expectRefused(client, await client.send(method, sent), 404, 'BLOB_UPLOAD_UNKNOWN')
        }
        const digest = digestOf(body ?? '', algorithm)
        expectRefused(client, await client.send('PUT', withQuery(sent, { digest })), 404, 'BLOB_UPLOAD_UNKNOWN')
        await expectNoBlob(client, repository, digest)
      }
    }),
  ),
  clients('cancel-after-mount', 'the upload that a failed mount began can be cancelled', [
    'quirks/cancel-after-mount',
  ], async (client) => {
    const query = { mount: digestOf('nowhere'), from: client.repository() }
    const answer = await client.send('POST', withQuery(`/v2/${client.repository()}/blobs/uploads/`, query))
    expect([answer.status, (await client.send('DELETE', locationOf(answer))).status]).toEqual([202, 204])
  }),
]

const unknown = berth('unknown', 'unknown uploads, and those of another repository, are 404', [], async (client) => {
  const [repository, other] = [client.repository(), client.repository()]
  const location = await client.startUpload(repository)
  const paths = [
    location.replace(repository, other),
    `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`,
    `/v2/${repository}/blobs/uploads/none`,
    `/v2/${repository}/blobs/uploads/..%2f..%2fblobs`,
  ]
  for (const path of paths) {
    for (const method of ['GET', 'PATCH', 'DELETE', 'PUT']) {
      const answer = await client.send(method, method === 'PUT' ? withQuery(path, { digest: digestOf('') }) : path)
      expectError(answer, 404, 'BLOB_UPLOAD_UNKNOWN')
    }
  }
  expect((await client.send('GET', location)).status).toBe(204)
})

const lostAnswer = berth('lost-answer', 'the closing PUT may come again, but not with another digest', [], async (client) => {
  const [repository, content] = [client.repository(), freshBytes(50_000)]
  const location = await client.startUpload(repository)
  expect((await client.send('PATCH', location, { body: content })).status).toBe(202)
  const digest = digestOf(content)
  for (let time = 0; time < 2; time++) {
    await expectCreated(client, repository, await client.send('PUT', withQuery(location, { digest })), content, digest)
  }
  const other = await client.send('PUT', withQuery(location, { digest: digestOf('other') }))
  expectError(other, 404, 'BLOB_UPLOAD_UNKNOWN')
})

const queries = [
  clients('encoded-digest', 'the digest may come percent-encoded or plain, before and after other parameters', [
    'quirks/encoded-digest', 'quirks/unknown-parameters',
  ], async (client) => {
    const repository = client.repository()
    for (const query of ['digest=DIGEST', 'a=b&digest=DIGEST', 'digest=DIGEST&b=x%2Fy', '&digest=ENCODED&']) {
      const content = freshBytes(100)
      const digest = digestOf(content)
      const filled = query.replace('DIGEST', digest).replace('ENCODED', encodeURIComponent(digest))
      const location = await client.startUpload(repository)
      const answer = await client.send('PUT', `${location}${location.includes('?') ? '&' : '?'}${filled}`, { body: content })
      await expectCreated(client, repository, answer, content, digest)
    }
  }),
  ...Object.entries({
    none: '', empty: 'digest=', bare: 'digest', escape: 'digest=%zz', tag: 'digest=latest', short: 'digest=sha256:abc',
    md5: `digest=md5:${'0'.repeat(32)}`, capitals: `digest=sha256:${'A'.repeat(64)}`,
  }).map(([id, query]) =>
    berth(`put-digest-${id}`, `a PUT that ends with ?${query} stores nothing and leaves the session`, [], async (client) => {
      const [repository, content] = [client.repository(), freshBytes(1000)]
      const location = await client.startUpload(repository)
      expectError(await client.send('PUT', `${location}?${query}`, { body: content }), 400, 'DIGEST_INVALID')
      expect((await client.send('GET', location)).headers.get('range')).toBe('0-0')
      await finish(client, repository, location, content)
    }),
  ),
  ...Object.entries({
    empty: 'digest=', escape: 'digest=%zz', tag: 'digest=latest', short: 'digest=sha256:abc', hint: 'digest-algorithm=md5',
    'hint-escape': 'digest-algorithm=%zz',
  }).map(([id, query]) =>
    berth(`post-digest-${id}`, `a POST with ?${query} is refused`, [], async (client) => {
      const answer = await client.send('POST', `/v2/${client.repository()}/blobs/uploads/?${query}`, { body: 'x' })
      expectError(answer, 400, 'DIGEST_INVALID')
    }),
  ),
  clients('hint', 'digest-algorithm is a hint that binds nobody', ['quirks/digest-algorithm'], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(40_000)]
    for (const hint of ['sha256', 'sha512']) {
      for (const algorithm of client.holdsTo('berth') ? (['sha256', 'sha512'] as const) : (['sha256'] as const)) {
        const location = locationOf(await client.send('POST', `/v2/${repository}/blobs/uploads/?digest-algorithm=${hint}`))
        const digest = digestOf(content, algorithm)
        const answer = await client.send('PUT', withQuery(location, { digest }), { body: content })
        await expectCreated(client, repository, answer, content, digest)
      }
    }
  }),
]

const crowds = [
  berth('many-of-one', 'two of the same blob at once, and from many repositories', [], async (client) => {
    const content = freshBytes(120_000)
    const digest = digestOf(content)
    const repositories = [client.repository(), client.repository(), client.repository()]
    const push = async (repository: string) => {
      const put = withQuery(await client.startUpload(repository), { digest })
      await expectCreated(client, repository, await client.send('PUT', put, { body: streamOf(content, 5000) }), content, digest)
    }
    await Promise.all([...repositories, ...repositories].map(push))
  }),
  berth('empty-patch', 'nothing in a PATCH adds nothing', [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(10)]
    const location = await client.startUpload(repository)
    for (const body of [undefined, streamOf(freshBytes(0), 1)]) {
      const answer = await client.send('PATCH', location, { body })
      expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-0'])
    }
    await finish(client, repository, location, content)
  }),
]

export const uploads: Group = {
  id: 'uploads',
  name: { en: 'Uploads', 'zh-CN': '上传' },
  section: 'distribution-spec: Pushing a blob in chunks; cancelling an upload',
  checks: [...begun, status, ...cancels, unknown, lostAnswer, ...queries, ...uploadChunks, ...crowds],
}
