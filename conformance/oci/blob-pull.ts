import { expect } from 'bun:test'
import { berth, clients, must, NotSupported, should, type Group } from '../checks/check.ts'
import { digestOf, type Algorithm } from '../digest.ts'
import { expectBlob } from './blob-life.ts'
import type { Answer } from './answer.ts'
import { textOf, type Client } from './client.ts'
import { freshBytes } from './content.ts'
import { expectCaching } from './expect-caching.ts'
import { expectError, expectRefused } from './expect-error.ts'

/** A blob of 2048 bytes as in the official program; of Berth also one that is a file. */
async function eachBlob(
  client: Client,
  run: (blob: Awaited<ReturnType<typeof push>>) => Promise<void>,
  algorithm: Algorithm = 'sha256',
) {
  for (const size of client.holdsTo('berth') ? [2048, 200_000] : [2048]) await run(await push(client, size, algorithm))
}

async function push(client: Client, size: number, algorithm: Algorithm) {
  const [repository, content] = [client.repository(), freshBytes(size)]
  const digest = await client.pushBlob(repository, content, algorithm)
  const path = `/v2/${repository}/blobs/${digest}`
  const get = (headers: Record<string, string> = {}) => client.send('GET', path, { headers })
  const head = (headers: Record<string, string> = {}) => client.send('HEAD', path, { headers })
  return { content, digest, get, head, size }
}

function expectPart(answer: Answer, content: Uint8Array, start: number, end: number): void {
  if (answer.status === 200) throw new NotSupported('200: the whole blob')
  expect(answer.status).toBe(206)
  expect(answer.headers.get('content-range')).toMatch(new RegExp(`^bytes ${start}-${end}/(${content.length}|\\*)$`))
  expect(answer.headers.get('content-length')).toBe(String(end - start + 1))
  expect(Buffer.compare(answer.bytes, content.slice(start, end + 1))).toBe(0)
}

const missing = (['sha256', 'sha512'] satisfies Algorithm[]).map((algorithm) =>
  must(
    `missing-${algorithm}`,
    `a blob that is not there is 404 by its ${algorithm} digest, with and without the repository`,
    [`v2/${algorithm}/get-missing`, 'v1/pull/head-blob-missing', 'v1/pull/get-blob-missing', 'v1/push/blob-missing'],
    async (client) => {
      const repository = client.repository()
      const path = `/v2/${repository}/blobs/${digestOf(freshBytes(10), algorithm)}`
      for (const method of ['GET', 'HEAD', 'DELETE']) expect((await client.send(method, path)).status).toBe(404)
      expectRefused(client, await client.send('GET', path), 404, 'NAME_UNKNOWN')
      await client.pushBlob(repository, 'something else')
      expectRefused(client, await client.send('GET', path), 404, 'BLOB_UNKNOWN')
    },
  ),
)

const ranges = (['sha256', 'sha512'] satisfies Algorithm[]).map((algorithm) =>
  should(
    `ranges-${algorithm}`,
    `a range of a blob with a ${algorithm} digest is 206 with its part, one that cannot be is 416`,
    [`v2/${algorithm}/range`, 'quirks/blob-resume'],
    (client) =>
      eachBlob(
        client,
        async ({ content, get, size }) => {
          expectPart(await get({ range: 'bytes=500-1499' }), content, 500, 1499)
          expectPart(await get({ range: 'bytes=500-' }), content, 500, size - 1)
          expectPart(await get({ range: 'bytes=-500' }), content, size - 500, size - 1)
          expectPart(await get({ range: `bytes=${size - 48}-${size + 2952}` }), content, size - 48, size - 1)
          for (const range of ['bytes=500-0', `bytes=${size + 2952}-${size + 7952}`]) {
            const answer = await get({ range })
            expectRefused(client, answer, 416, 'BLOB_UPLOAD_INVALID')
            if (client.holdsTo('berth')) expect(answer.headers.get('content-range')).toBe(`bytes */${size}`)
          }
        },
        algorithm,
      ),
  ),
)

const noDigests = {
  short: 'sha256:abc',
  capitals: `sha256:${'A'.repeat(64)}`,
  'no-hex': `sha256:${'g'.repeat(64)}`,
  'of-another-length': `sha512:${'a'.repeat(64)}`,
  md5: `md5:${'a'.repeat(32)}`,
  blake3: `blake3:${'a'.repeat(64)}`,
  'algorithm-in-capitals': `SHA256:${'a'.repeat(64)}`,
  tag: 'latest',
  encoded: '%73ha256:zz',
}

const edges = [
  berth('ranges-at-the-edges', 'ranges at either end are cut to the blob, or are 416 beyond it', [], (client) =>
    eachBlob(client, async ({ content, get, size }) => {
      expectPart(await get({ range: 'bytes=0-0' }), content, 0, 0)
      expectPart(await get({ range: `bytes=${size - 1}-` }), content, size - 1, size - 1)
      expectPart(await get({ range: `bytes=0-${size - 1}` }), content, 0, size - 1)
      expectPart(await get({ range: `bytes=-${size * 2}` }), content, 0, size - 1)
      expectPart(await get({ range: 'bytes=0-99999999999999999999' }), content, 0, size - 1)
      for (const range of [`bytes=${size}-`, 'bytes=-0', 'bytes=99999999999999999999-']) {
        expect((await get({ range })).status).toBe(416)
      }
    }),
  ),
  // RFC 9110, section 14.2: what cannot be read may be ignored.
  berth('ranges-unreadable', 'a Range that cannot be read is passed over', [], (client) =>
    eachBlob(client, async ({ get, size }) => {
      for (const range of ['bytes=a-b', 'lines=1-2', 'bytes=-', 'bytes=0-1,', 'bytes']) {
        const answer = await get({ range })
        expect([answer.status, answer.bytes.length]).toEqual([200, size])
      }
    }),
  ),
  berth('if-range', 'If-Range and If-None-Match decide whether a range counts; HEAD knows none', [], (client) =>
    eachBlob(client, async ({ content, digest, get, head, size }) => {
      const headed = await head({ range: 'bytes=0-9' })
      expect([headed.status, headed.headers.get('content-length')]).toEqual([200, String(size)])
      expectPart(await get({ range: 'bytes=1-2', 'if-range': `"${digest}"` }), content, 1, 2)
      for (const other of ['"other"', `W/"${digest}"`, 'Sat, 01 Jan 2000 00:00:00 GMT']) {
        expect((await get({ range: 'bytes=1-2', 'if-range': other })).status).toBe(200)
      }
      expect((await get({ range: 'bytes=1-2', 'if-none-match': `"${digest}"` })).status).toBe(304)
    }),
  ),
]

const of = [
  must('head-and-get', 'HEAD and GET of a blob are 200 with its length and bytes', [
    'v1/pull/head-blob', 'v1/pull/get-blob', 'v1/pull/set-up',
  ], (client) =>
    eachBlob(client, async ({ content, get, head }) => {
      for (const { status, headers } of [await get(), await head()]) {
        expect([status, headers.get('content-length')]).toEqual([200, String(content.length)])
      }
      expect(digestOf((await get()).bytes)).toBe(digestOf(content))
    }),
  ),
  berth('other-repository', 'a blob is in the repository it was pushed to and in no other', [], async (client) => {
    const [repository, other] = [client.repository(), client.repository()]
    const digest = await client.pushBlob(repository, freshBytes(10))
    await client.pushBlob(other, 'something else')
    expectRefused(client, await client.send('GET', `/v2/${other}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
  }),
  clients('head-headers', 'HEAD of a blob has Content-Length, Docker-Content-Digest and Content-Type', [
    'quirks/head-headers',
  ], (client) =>
    eachBlob(client, async ({ content, digest, head }) => {
      const { headers } = await head()
      expect([headers.get('content-length'), headers.get('docker-content-digest')]).toEqual([String(content.length), digest])
      expect(headers.has('content-type')).toBe(true)
    }),
  ),
  clients('accept-encoding', 'a blob comes as it is, whatever encodings are offered', ['quirks/no-content-encoding'], (client) =>
    eachBlob(client, async ({ digest, get }) => {
      const { headers, bytes } = await get({ 'accept-encoding': 'zstd, gzip, deflate' })
      expect([headers.get('content-encoding'), digestOf(bytes)]).toEqual([null, digest])
    }),
  ),
  clients('several-ranges', 'several ranges at once are answered, with all of the blob or with parts', [
    'quirks/several-ranges',
  ], (client) =>
    eachBlob(client, async ({ get, size }) => {
      const answer = await get({ range: 'bytes=0-1,5-6' })
      expect([200, 206]).toContain(answer.status)
      if (answer.status === 200) expect(answer.bytes.length).toBe(size)
      else expect(answer.headers.get('content-type')).toStartWith('multipart/byteranges')
    }),
  ),
  clients('encoded-digest', 'a digest may come percent-encoded', ['quirks/encoded-digest'], async (client) => {
    const repository = client.repository()
    const digest = await client.pushBlob(repository, freshBytes(100))
    for (const colon of ['%3A', '%3a']) {
      expect((await client.send('GET', `/v2/${repository}/blobs/${digest.replace(':', colon)}`)).status).toBe(200)
    }
  }),
  clients('ns', 'a blob is there whatever registry ns names', ['quirks/ns'], async (client) => {
    const repository = client.repository()
    const digest = await client.pushBlob(repository, freshBytes(100))
    expect((await client.send('GET', `/v2/${repository}/blobs/${digest}?ns=docker.io`)).status).toBe(200)
  }),
]

const own = [
  berth('caching-headers', 'headers that proxies and clients live by', [], (client) =>
    eachBlob(client, async ({ digest, get, head }) => {
      const expected = { etag: `"${digest}"`, 'accept-ranges': 'bytes' }
      for (const answer of [await get(), await head()]) {
        for (const [name, value] of Object.entries(expected)) expect(answer.headers.get(name)).toBe(value)
        expectCaching(client, answer, 'public, max-age=31536000, s-maxage=3600, immutable')
      }
    }),
  ),
  berth('if-none-match', 'If-None-Match is 304 for the digest in any form', [], (client) =>
    eachBlob(client, async ({ digest, get, head }) => {
      for (const tag of [`"${digest}"`, `W/"${digest}"`, '*', `"other", "${digest}"`]) {
        for (const answer of [await get({ 'if-none-match': tag }), await head({ 'if-none-match': tag })]) {
          expect([answer.status, answer.headers.get('etag')]).toEqual([304, `"${digest}"`])
        }
      }
      expect((await get({ 'if-none-match': '"other"' })).status).toBe(200)
    }),
  ),
  berth('range-of-nothing', 'a range of an empty blob is all of it', [], async (client) => {
    const repository = client.repository()
    const digest = await client.pushBlob(repository, '')
    const { status } = await client.send('GET', `/v2/${repository}/blobs/${digest}`, { headers: { range: 'bytes=0-' } })
    expect(status).toBe(200)
  }),
  ...Object.entries(noDigests).map(([id, digest]) =>
    berth(`no-digest-${id}`, `${digest} is no digest`, [], async (client) => {
      const path = `/v2/${client.repository()}/blobs/${digest}`
      for (const method of ['GET', 'DELETE']) expectError(await client.send(method, path), 400, 'DIGEST_INVALID')
      expect((await client.send('HEAD', path)).status).toBe(400)
    }),
  ),
  berth('two-algorithms', 'the same content under two algorithms is two blobs', [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(50_000)]
    const sha256 = await client.pushBlob(repository, content)
    expect((await client.send('GET', `/v2/${repository}/blobs/${digestOf(content, 'sha512')}`)).status).toBe(404)
    const sha512 = await client.pushBlob(repository, content, 'sha512')
    for (const digest of [sha256, sha512]) await expectBlob(client, repository, content, digest)
    expect((await client.send('DELETE', `/v2/${repository}/blobs/${sha256}`)).status).toBe(202)
    await expectBlob(client, repository, content, sha512)
  }),
  berth('head-without-body', 'an answer to HEAD has no body, whatever is wrong', [], async (client) => {
    expect(textOf(await client.send('HEAD', '/v2/nothing/here/at/all'))).toBe('')
  }),
]

export const blobPull: Group = {
  id: 'blob-pull',
  name: { en: 'Pulling blobs', 'zh-CN': '拉取 blob' },
  section: 'distribution-spec: Pulling blobs',
  checks: [...missing, ...of, ...ranges, ...edges, ...own],
}
