import { expect } from 'bun:test'
import { NotSupported } from '../checks/check.ts'
import type { Answer, SendOptions } from './answer.ts'
import { locationOf, streamOf, withQuery, type Client } from './client.ts'

export type Bytes = Uint8Array<ArrayBuffer>
type Push = (client: Client, repository: string, content: Bytes, digest: string) => Promise<Answer>

/** A way of the specification to push a blob; gives the answer to the request that ends it. */
export interface Way {
  readonly id: string
  readonly how: string
  readonly push: Push
  /** Rows of the official programs and of what clients need: of each algorithm, of the wrong digest, and of neither. */
  readonly row?: string
  readonly wrongRow?: string
  readonly rows?: readonly string[]
}

/** Sends one chunk and expects 202 with the position after it. Returns where the upload goes on. */
export async function sendChunk(client: Client, location: string, content: Bytes, first: number, last: number): Promise<string> {
  const answer = await patch(client, location, content, first, last)
  expect(answer.status).toBe(202)
  expect(answer.headers.get('range')).toBe(`0-${last}`)
  return locationOf(answer)
}

export function patch(client: Client, location: string, content: Bytes, first: number, last: number): Promise<Answer> {
  const headers = { 'content-type': 'application/octet-stream', 'content-range': `${first}-${last}` }
  return client.send('PATCH', location, { headers, body: content.slice(first, last + 1) })
}

/** The bounds of three chunks, the last one smaller. */
export function thirds({ length }: Bytes): [number, number][] {
  const size = Math.ceil(length / 3)
  return [[0, size - 1], [size, 2 * size - 1], [2 * size, length - 1]]
}

/** Sends chunks one after another. Returns where the upload goes on. */
export async function sendChunks(
  client: Client,
  from: string,
  content: Bytes,
  chunks: readonly [number, number][],
): Promise<string> {
  let location = from
  for (const [first, last] of chunks) location = await sendChunk(client, location, content, first, last)
  return location
}

/** A registry that does not take the content with the POST begins an upload. */
async function expectTaken(client: Client, answer: Answer, body: Bytes, digest: string): Promise<Answer> {
  if (answer.status !== 202 || client.holdsTo('berth')) return answer
  const put = await client.send('PUT', withQuery(locationOf(answer), { digest }), { body })
  if (put.status === 201) throw new NotSupported('202: an upload was begun instead')
  return put
}

async function post(client: Client, repository: string, content: Bytes, digest: string, body: SendOptions['body']): Promise<Answer> {
  const answer = await client.send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, { digest }), { body })
  return await expectTaken(client, answer, content, digest)
}

export const ways: readonly Way[] = [
  {
    id: 'post-only',
    how: 'a single POST',
    push: (client, repository, content, digest) => post(client, repository, content, digest, content),
    row: 'post-only',
    wrongRow: 'bad-digest-post-only',
    rows: ['v1/push/post-only', 'v1/push/post-only-get'],
  },
  {
    id: 'post-only-streamed',
    how: 'a single POST, streamed',
    push: (client, repository, content, digest) => post(client, repository, content, digest, streamOf(content, 700)),
  },
  {
    id: 'post-put',
    how: 'POST and PUT',
    push: async (client, repository, body, digest) =>
      await client.send('PUT', withQuery(await client.startUpload(repository), { digest }), { body }),
    row: 'post-put',
    wrongRow: 'bad-digest-post-put',
    rows: [
      'v1/push/post', 'v1/push/put', 'v1/push/put-get', 'v1/push/layer-put', 'v1/push/layer-get', 'quirks/put-whole', 'quirks/location-query',
    ],
  },
  {
    id: 'put-streamed',
    how: 'POST and a streamed PUT',
    push: async (client, repository, content, digest) =>
      await client.send('PUT', withQuery(await client.startUpload(repository), { digest }), { body: streamOf(content, 1000) }),
    rows: ['quirks/put-chunked'],
  },
  {
    id: 'stream',
    how: 'a streamed PATCH without Content-Range, as docker does',
    push: async (client, repository, content, digest) => {
      const answer = await client.send('PATCH', await client.startUpload(repository), { body: streamOf(content, 600) })
      expect(answer.status).toBe(202)
      if (client.holdsTo('clients')) expect(answer.headers.get('range')).toBe(`0-${content.length - 1}`)
      return await client.send('PUT', withQuery(locationOf(answer), { digest }))
    },
    row: 'stream',
    wrongRow: 'bad-digest-stream',
    rows: ['v1/push/streamed-patch', 'v1/push/streamed-put', 'quirks/patch-bare', 'quirks/range-of-202'],
  },
  {
    id: 'patch-with-length',
    how: 'a PATCH with a length only, as skopeo does',
    push: async (client, repository, body, digest) => {
      const headers = { 'content-type': 'application/octet-stream' }
      const answer = await client.send('PATCH', await client.startUpload(repository), { headers, body })
      expect(answer.status).toBe(202)
      return await client.send('PUT', withQuery(locationOf(answer), { digest }))
    },
    rows: ['quirks/patch-with-length'],
  },
  {
    id: 'one-chunk',
    how: 'one chunk',
    push: async (client, repository, content, digest) => {
      const location = await sendChunk(client, await client.startUpload(repository), content, 0, content.length - 1)
      return await client.send('PUT', withQuery(location, { digest }))
    },
    row: 'chunked-single',
  },
  {
    id: 'three-chunks',
    how: 'three chunks',
    push: async (client, repository, content, digest) => {
      const location = await sendChunks(client, await client.startUpload(repository), content, thirds(content))
      return await client.send('PUT', withQuery(location, { digest }))
    },
    row: 'chunked-multi',
    wrongRow: 'bad-digest-chunked',
    rows: ['v1/push/chunk-first', 'v1/push/chunk-second', 'v1/push/chunk-put'],
  },
  {
    id: 'chunk-in-put',
    how: 'three chunks, the last one in the PUT',
    push: async (client, repository, content, digest) => {
      const location = await sendChunks(client, await client.startUpload(repository), content, thirds(content).slice(0, 2))
      const [first, last] = thirds(content)[2] ?? [0, 0]
      const headers = { 'content-range': `${first}-${last}` }
      return await client.send('PUT', withQuery(location, { digest }), { headers, body: content.slice(first) })
    },
    row: 'chunked-multi-put-chunk',
    wrongRow: 'bad-digest-chunked-put-chunk',
  },
]
