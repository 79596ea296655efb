import { expect } from 'bun:test'
import { berth, clients, must, type Check, type Group } from '../checks/check.ts'
import { digestOf, type Algorithm } from '../digest.ts'
import { deleteBlob, expectCreated, expectNoBlob } from './blob-life.ts'
import type { Answer } from './answer.ts'
import { withQuery, type Client } from './client.ts'
import { freshBytes } from './content.ts'
import { expectRefused } from './expect-error.ts'
import { patch, sendChunk, sendChunks, thirds, ways, type Bytes, type Way } from './push-ways.ts'

const algorithms = ['sha256', 'sha512'] satisfies Algorithm[]
const existence = (algorithm: Algorithm) => ['head', 'get', 'delete'].map((row) => `v2/${algorithm}/${row}`)

/** A registry may want chunks of so many bytes at least and says so when an upload begins. */
async function leastChunk(client: Client): Promise<number> {
  const begun = await client.send('POST', `/v2/${client.repository()}/blobs/uploads/`)
  return Math.max(1024, Number(begun.headers.get('oci-chunk-min-length') ?? 0))
}

/** 512 bytes are what the official program sends. Berth keeps small blobs in rows and large ones in files. */
async function sizesOf(client: Client, { id }: Way): Promise<number[]> {
  const small = id.includes('chunk') && id !== 'one-chunk' ? 3 * (await leastChunk(client)) - 5 : 512
  return client.holdsTo('berth') ? [small, 33_000, 1_500_000] : [small]
}

/** A way that is neither in the official programs nor that of a client is asked of Berth alone. */
const askedBy = ({ row, rows }: Way) => (row !== undefined ? must : rows !== undefined ? clients : berth)

function pushed(way: Way, algorithm: Algorithm): Check {
  const rows = [...(way.row === undefined ? [] : [`v2/${algorithm}/${way.row}`, ...existence(algorithm)]), ...(way.rows ?? [])]
  const rule = `a blob with a ${algorithm} digest is pushed by ${way.how}, also when it is there, and after it was deleted`
  return askedBy(way)(`${way.id}-${algorithm}`, rule, [...rows, 'quirks/repush', 'quirks/blob-put-digest'], async (client) => {
    for (const size of await sizesOf(client, way)) {
      const [repository, content] = [client.repository(), freshBytes(size)]
      const digest = digestOf(content, algorithm)
      const push = async () =>
        expectCreated(client, repository, await way.push(client, repository, content, digest), content, digest)
      await push()
      await push()
      if (await deleteBlob(client, repository, digest)) await push()
    }
  })
}

function refused(way: Way, algorithm: Algorithm): Check {
  const rows = way.wrongRow === undefined ? [] : [`v2/${algorithm}/${way.wrongRow}`]
  const rule = `${way.how} with other content than its ${algorithm} digest says is 400 and stores nothing`
  return must(`wrong-digest-${way.id}-${algorithm}`, rule, rows, async (client) => {
    for (const size of await sizesOf(client, way)) {
      const [repository, content] = [client.repository(), freshBytes(size)]
      const wrong = digestOf(freshBytes(10), algorithm)
      expectRefused(client, await way.push(client, repository, content, wrong), 400, 'DIGEST_INVALID')
      for (const digest of [wrong, digestOf(content, algorithm)]) await expectNoBlob(client, repository, digest)
    }
  })
}

const shared = algorithms.flatMap((algorithm) =>
  Object.entries({ empty: '', 'empty-json': '{}' }).map(([id, text]) =>
    must(
      `${id}-${algorithm}`,
      `the content ${JSON.stringify(text)} that many artifacts share is a blob with a ${algorithm} digest`,
      [`v2/${algorithm}/${id}`, 'quirks/empty-descriptor'],
      async (client) => {
        const content = new TextEncoder().encode(text)
        const [repository, digest] = [client.repository(), digestOf(content, algorithm)]
        for (const way of ways.filter((one) => ['post-put', 'put-streamed'].includes(one.id) || client.holdsTo('berth'))) {
          if (way.id.includes('chunk') || way.id === 'stream' || way.id === 'patch-with-length') continue
          await expectCreated(client, repository, await way.push(client, repository, content, digest), content, digest)
          await deleteBlob(client, repository, digest)
        }
      },
    ),
  ),
)

/** After a refusal the session says what it holds. Returns where the upload goes on. */
async function expectPosition(client: Client, location: string, received: number): Promise<string> {
  const { status, headers } = await client.send('GET', location)
  expect(status).toBe(204)
  if (received > 0 || client.holdsTo('clients')) expect(headers.get('range')).toBe(`0-${Math.max(received - 1, 0)}`)
  else expect(headers.get('range')).toMatch(/^0-\d+$/)
  return headers.get('location') ?? location
}

function expectOutOfOrder(client: Client, answer: Answer, location: string, received: number): void {
  expectRefused(client, answer, 416, 'BLOB_UPLOAD_INVALID')
  if (!client.holdsTo('clients')) return
  expect(answer.headers.has('location')).toBe(true)
  if (client.holdsTo('berth')) expect(answer.headers.get('location')).toBe(location)
  expect(answer.headers.get('range')).toBe(`0-${Math.max(received - 1, 0)}`)
}

/** Before every right chunk a wrong one; `closing` says with what the last one goes. */
async function pushOutOfOrder(client: Client, content: Bytes, algorithm: Algorithm, closing: 'PATCH' | 'PUT'): Promise<void> {
  const [repository, digest, chunks] = [client.repository(), digestOf(content, algorithm), thirds(content)]
  let location = await client.startUpload(repository)
  for (const [at, [first, last]] of chunks.entries()) {
    const put = closing === 'PUT' && at === 2
    const send = (from: number, to: number) => {
      const options = { headers: { 'content-range': `${from}-${to}` }, body: content.slice(from, to + 1) }
      return put ? client.send('PUT', withQuery(location, { digest }), options) : patch(client, location, content, from, to)
    }
    const [from, to] = (at === 0 ? chunks[1] : chunks[0]) ?? [0, 0]
    expectOutOfOrder(client, await send(from, to), location, first)
    location = await expectPosition(client, location, first)
    if (put) return await expectCreated(client, repository, await send(first, last), content, digest)
    location = await sendChunk(client, location, content, first, last)
  }
  await expectCreated(client, repository, await client.send('PUT', withQuery(location, { digest })), content, digest)
}

async function chunkedSizes(client: Client): Promise<number[]> {
  const small = 3 * (await leastChunk(client)) - 5
  return client.holdsTo('berth') ? [small, 150_000] : [small]
}

const closings = [
  ['PATCH', 'out-of-order', 'v1/push/chunk-out-of-order'],
  ['PUT', 'out-of-order-put-chunk', 'quirks/resume-after-416'],
] as const

const outOfOrder = algorithms.flatMap((algorithm) =>
  closings.map(([closing, id, row]) =>
      must(
        `${id}-${algorithm}`,
        `a chunk in the wrong place is 416, also in a last ${closing}, and the session goes on (${algorithm})`,
        [`v2/${algorithm}/${id}`, row],
        async (client) => {
          for (const size of await chunkedSizes(client)) await pushOutOfOrder(client, freshBytes(size), algorithm, closing)
        },
      ),
  ),
)

const staleLocation = must(
  'chunk-again',
  'the same chunk again is 416, and the Location of before stays valid',
  ['v1/push/chunk-again', 'v1/push/chunk-stale-location'],
  async (client) => {
    for (const size of await chunkedSizes(client)) {
      const [repository, content] = [client.repository(), freshBytes(size)]
      const [chunks, stale, digest] = [thirds(content), await client.startUpload(repository), digestOf(content)]
      const [first, last] = chunks[0] ?? [0, 0]
      await sendChunk(client, stale, content, first, last)
      expectOutOfOrder(client, await patch(client, stale, content, first, last), stale, last + 1)
      const location = await sendChunks(client, await expectPosition(client, stale, last + 1), content, chunks.slice(1))
      await expectCreated(client, repository, await client.send('PUT', withQuery(location, { digest })), content, digest)
    }
  },
)

export const blobPush: Group = {
  id: 'blob-push',
  name: { en: 'Pushing blobs', 'zh-CN': '推送 blob' },
  section: 'distribution-spec: Pushing blobs',
  checks: [
    ...algorithms.flatMap((algorithm) => ways.flatMap((way) => [pushed(way, algorithm), refused(way, algorithm)])),
    ...shared,
    ...outOfOrder,
    staleLocation,
  ],
}
