import { expect } from 'bun:test'
import { berth, type Check } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { expectCreated } from './blob-life.ts'
import { locationOf, streamOf, withQuery, type Client } from './client.ts'
import { freshBytes } from './content.ts'
import { expectError } from './expect-error.ts'

const chunk = (client: Client, location: string, range: string, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>) =>
  client.send('PATCH', location, { headers: { 'content-range': range }, body })

const malformed = {
  word: 'x', number: '5', 'without-first': '-5', 'without-last': '5-', 'half-a-word': '0-x', backwards: '9-0',
  exponents: '1e3-2e3',   hexadecimal: '0x0-0x9', huge: `0-${'9'.repeat(30)}`, unsatisfied: 'bytes */5', several: '0-5,6-9',
}

async function expectFinished(
  client: Client,
  repository: string,
  location: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const digest = digestOf(content)
  await expectCreated(client, repository, await client.send('PUT', withQuery(location, { digest })), content, digest)
}

const forms = (size: number): Check =>
  berth(`content-range-forms-${size}`, 'Content-Range is read as some clients write it', [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(3 * size)]
    let location = await client.startUpload(repository)
    for (const [at, form] of ['bytes RANGE', 'RANGE/*', 'RANGE'].entries()) {
      const [first, last] = [at * size, (at + 1) * size - 1]
      const range = form.replace('RANGE', `${first}-${last}`)
      const answer = await chunk(client, location, range, streamOf(content.slice(first, last + 1), 500))
      expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${last}`])
      location = locationOf(answer)
    }
    await expectFinished(client, repository, location, content)
  })

const malformedRanges = (size: number): Check[] =>
  Object.entries(malformed).map(([id, range]) =>
    berth(`content-range-${id}-${size}`, `the Content-Range ${range} is refused, and the session goes on`, [], async (client) => {
      const [repository, content] = [client.repository(), freshBytes(size)]
      const location = await client.startUpload(repository)
      expectError(await chunk(client, location, range, content), 400, 'BLOB_UPLOAD_INVALID')
      expect((await client.send('GET', location)).headers.get('range')).toBe('0-0')
      expect((await chunk(client, location, `0-${size - 1}`, content)).status).toBe(202)
    }),
  )

const wrongLength = (size: number): Check =>
  berth(`wrong-length-${size}`, 'a body longer or shorter than its Content-Range adds nothing', [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(2 * size)]
    const location = await client.startUpload(repository)
    expect((await chunk(client, location, `0-${size - 1}`, content.slice(0, size))).status).toBe(202)
    for (const wrong of [1, size - 1, size + 1]) {
      const range = `${size}-${size + wrong - 1}`
      expectError(await chunk(client, location, range, content.slice(size)), 400, 'SIZE_INVALID')
      expectError(await chunk(client, location, range, streamOf(content.slice(size), 300)), 400, 'SIZE_INVALID')
      const put = withQuery(location, { digest: digestOf(content) })
      const options = { headers: { 'content-range': range }, body: content.slice(size) }
      expectError(await client.send('PUT', put, options), 400, 'SIZE_INVALID')
      const status = await client.send('GET', location)
      expect([status.status, status.headers.get('range')]).toEqual([204, `0-${size - 1}`])
    }
    expect((await chunk(client, location, `${size}-${2 * size - 1}`, content.slice(size))).status).toBe(202)
    await expectFinished(client, repository, location, content)
  })

const severalAtOnce = (size: number): Check =>
  berth(`several-at-once-${size}`, 'of several chunks at once one wins, the others are told where it is', [], async (client) => {
    const repository = client.repository()
    const location = await client.startUpload(repository)
    const contents = Array.from({ length: 4 }, () => freshBytes(size))
    const send = (content: Uint8Array<ArrayBuffer>) => chunk(client, location, `0-${size - 1}`, streamOf(content, 100))
    const answers = await Promise.all(contents.map(send))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 416, 416, 416])
    // A process that was overtaken may know of nothing yet.
    for (const { headers } of answers) expect(['0-0', `0-${size - 1}`]).toContain(String(headers.get('range')))
    const won = contents[answers.findIndex(({ status }) => status === 202)]
    await expectFinished(client, repository, location, won ?? new Uint8Array())
  })

/** Berth keeps the first 32 KiB in a row and more in a file. */
export const uploadChunks: readonly Check[] = [900, 90_000].flatMap((size) => [
  forms(size), ...malformedRanges(size), wrongLength(size), severalAtOnce(size),
])
