import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf, type Algorithm } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { deleteBlob, expectCreated } from './blob-life.ts'
import { createClient, locationOf, streamOf, withQuery, type Answer, type Client } from './client.ts'
import { freshBytes, freshRepository } from './content.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

type Bytes = Uint8Array<ArrayBuffer>

/** Sends one chunk and expects 202 with the position after it. Returns where the upload goes on. */
async function sendChunk(client: Client, location: string, content: Bytes, first: number, last: number): Promise<string> {
  const answer = await patch(client, location, content, first, last)
  expect(answer.status).toBe(202)
  expect(answer.headers.get('range')).toBe(`0-${last}`)
  return locationOf(answer)
}

function patch(client: Client, location: string, content: Bytes, first: number, last: number): Promise<Answer> {
  const headers = { 'content-type': 'application/octet-stream', 'content-range': `${first}-${last}` }
  return client.send('PATCH', location, { headers, body: content.slice(first, last + 1) })
}

/** The bounds of three chunks, the last one smaller. */
function thirds({ length }: Bytes): [number, number][] {
  const size = Math.ceil(length / 3)
  return [[0, size - 1], [size, 2 * size - 1], [2 * size, length - 1]]
}

/** The ways of the specification to push a blob, the answer to the request that ends each. */
const ways: Record<string, (client: Client, repository: string, content: Bytes, digest: string) => Promise<Answer>> = {
  'a single POST': (client, repository, body, digest) =>
    client.send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, { digest }), { body }),
  'a single POST, streamed': (client, repository, content, digest) =>
    client.send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, { digest }), { body: streamOf(content, 700) }),
  'POST and PUT': async (client, repository, body, digest) =>
    await client.send('PUT', withQuery(await client.startUpload(repository), { digest }), { body }),
  'POST and a streamed PUT': async (client, repository, content, digest) =>
    await client.send('PUT', withQuery(await client.startUpload(repository), { digest }), { body: streamOf(content, 1000) }),
  'a streamed PATCH, as docker does': async (client, repository, content, digest) => {
    const answer = await client.send('PATCH', await client.startUpload(repository), { body: streamOf(content, 600) })
    expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${content.length - 1}`])
    return await client.send('PUT', withQuery(locationOf(answer), { digest }))
  },
  'a PATCH with a length only, as skopeo does': async (client, repository, body, digest) => {
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = await client.send('PATCH', await client.startUpload(repository), { headers, body })
    return await client.send('PUT', withQuery(locationOf(answer), { digest }))
  },
  'one chunk': async (client, repository, content, digest) => {
    const location = await sendChunk(client, await client.startUpload(repository), content, 0, content.length - 1)
    return await client.send('PUT', withQuery(location, { digest }))
  },
  'three chunks': async (client, repository, content, digest) => {
    let location = await client.startUpload(repository)
    for (const [first, last] of thirds(content)) location = await sendChunk(client, location, content, first, last)
    return await client.send('PUT', withQuery(location, { digest }))
  },
  'three chunks, the last one in the PUT': async (client, repository, content, digest) => {
    let location = await client.startUpload(repository)
    const chunks = thirds(content)
    for (const [first, last] of chunks.slice(0, 2)) location = await sendChunk(client, location, content, first, last)
    const [first, last] = chunks[2] ?? [0, 0]
    const headers = { 'content-range': `${first}-${last}` }
    return await client.send('PUT', withQuery(location, { digest }), { headers, body: content.slice(first) })
  },
}

forEachRegistry('pushing blobs', (url) => {
  const client = () => createClient(url())

  // Berth keeps small blobs in rows and large ones in files; 512 bytes are what the official program sends.
  for (const size of [512, 33_000, 1_500_000]) {
    for (const algorithm of ['sha256', 'sha512'] satisfies Algorithm[]) {
      describe(`of ${size} bytes, named by ${algorithm}`, () => {
        test.each(Object.entries(ways))('%s', async (_, push) => {
          const [repository, content] = [freshRepository(), freshBytes(size)]
          const digest = digestOf(content, algorithm)
          await expectCreated(client(), repository, await push(client(), repository, content, digest), content, digest)
          // Again: what is there already is no error.
          await expectCreated(client(), repository, await push(client(), repository, content, digest), content, digest)
          await deleteBlob(client(), repository, digest)
          await expectCreated(client(), repository, await push(client(), repository, content, digest), content, digest)
        })

        test.each(Object.entries(ways))('%s with the wrong digest', async (_, push) => {
          const [repository, content] = [freshRepository(), freshBytes(size)]
          const wrong = digestOf(freshBytes(10), algorithm)
          expectError(await push(client(), repository, content, wrong), 400, 'DIGEST_INVALID')
          for (const digest of [wrong, digestOf(content, algorithm)]) {
            expect((await client().send('GET', `/v2/${repository}/blobs/${digest}`)).status).toBe(404)
          }
        })
      })
    }
  }

  test.each(['', '{}'])('the content %j that many artifacts share', async (text) => {
    const content = new TextEncoder().encode(text)
    for (const algorithm of ['sha256', 'sha512'] satisfies Algorithm[]) {
      const [repository, digest] = [freshRepository(), digestOf(content, algorithm)]
      for (const name of ['a single POST', 'POST and PUT', 'POST and a streamed PUT']) {
        const push = ways[name]
        if (push === undefined) throw new Error(name)
        await expectCreated(client(), repository, await push(client(), repository, content, digest), content, digest)
        await deleteBlob(client(), repository, digest)
      }
    }
  })

  describe.each([3 * 1024 - 5, 150_000])('chunks of %d bytes out of order', (size) => {
    /** After a refusal: the session answers with what it holds. */
    const expectPosition = async (location: string, received: number): Promise<string> => {
      const status = await client().send('GET', location)
      expect([status.status, status.headers.get('range')]).toEqual([204, `0-${Math.max(received - 1, 0)}`])
      return locationOf(status)
    }

    test.each(['PATCH', 'PUT'] as const)('are refused by %s, and the session goes on', async (closing) => {
      const [repository, content] = [freshRepository(), freshBytes(size)]
      const digest = digestOf(content)
      const chunks = thirds(content)
      let location = await client().startUpload(repository)
      for (const [at, [first, last]] of chunks.entries()) {
        const wrong = at === 0 ? chunks[1] : chunks[0]
        if (wrong === undefined) throw new Error('three chunks')
        const put = closing === 'PUT' && at === 2
        const headers = { 'content-range': `${wrong[0]}-${wrong[1]}` }
        const body = content.slice(wrong[0], wrong[1] + 1)
        const path = put ? withQuery(location, { digest }) : location
        const refused = await client().send(put ? 'PUT' : 'PATCH', path, { headers, body })
        expectError(refused, 416, 'BLOB_UPLOAD_INVALID')
        expect([locationOf(refused), refused.headers.get('range')]).toEqual([location, `0-${Math.max(first - 1, 0)}`])
        location = await expectPosition(location, first)
        if (!put) location = await sendChunk(client(), location, content, first, last)
        else await expectCreated(client(), repository, await putChunk(location, content, first, digest), content, digest)
      }
      if (closing === 'PUT') return
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    })

    const putChunk = (location: string, content: Bytes, first: number, digest: string) =>
      client().send('PUT', withQuery(location, { digest }), {
        headers: { 'content-range': `${first}-${content.length - 1}` },
        body: content.slice(first),
      })

    test('also the same chunk again at the Location of before, which stays valid', async () => {
      const [repository, content] = [freshRepository(), freshBytes(size)]
      const chunks = thirds(content)
      const stale = await client().startUpload(repository)
      const [first, last] = chunks[0] ?? [0, 0]
      let location = await sendChunk(client(), stale, content, first, last)
      expectError(await patch(client(), stale, content, first, last), 416, 'BLOB_UPLOAD_INVALID')
      location = await expectPosition(stale, last + 1)
      for (const [from, to] of chunks.slice(1)) location = await sendChunk(client(), location, content, from, to)
      const digest = digestOf(content)
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
    })
  })
})
