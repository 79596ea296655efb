import { expect } from 'bun:test'
import { berth, clients, type Check, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { sendAll } from '../process/stubborn-client.ts'
import { until } from '../until.ts'
import type { Answer } from './answer.ts'
import { expectCreated } from './blob-life.ts'
import { jsonOf, streamOf, withQuery, type Client } from './client.ts'
import { freshBytes, types } from './content.ts'
import { expectError } from './expect-error.ts'
import { exchange, openRawTo, rawUrl } from './raw-exchange.ts'

interface Framing {
  readonly header: (size: number) => string
  readonly frame: (bytes: Uint8Array) => Uint8Array
}

/** How a body is announced, and how its bytes go out. */
const framings: Readonly<Record<string, Framing>> = {
  length: { header: (size: number) => `Content-Length: ${size}`, frame: (bytes: Uint8Array) => bytes },
  chunked: {
    header: () => 'Transfer-Encoding: chunked',
    frame: (bytes: Uint8Array) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
  },
}

/** Sends the head and the first part of a body, then resets the connection. */
async function sendPart(client: Client, line: string, header: string, part: Uint8Array): Promise<void> {
  const connection = await openRawTo(client)
  connection.write(`${line} HTTP/1.1\r\nHost: x\r\nContent-Type: ${types.index}\r\n${header}\r\n\r\n`)
  connection.write(part)
  // Only what the server has begun to read can be cut off: its answer to another request comes after that.
  await client.send('GET', '/v2/')
  connection.reset()
}

/** How many bytes the server says it has. */
async function received(client: Client, location: string): Promise<number> {
  const status = await client.send('GET', location)
  expect(status.status).toBe(204)
  const last = Number(status.headers.get('range')?.split('-')[1])
  return last === 0 ? 0 : last + 1
}

/** Sends what is missing, anew as often as it does not fit: until the server has noticed, what was cut off may come to be counted. */
async function sendRest(
  client: Client,
  [method, path]: readonly ['PATCH' | 'PUT', string],
  location: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<Answer> {
  return await until('what is missing is taken', async () => {
    const at = await received(client, location)
    const headers = { 'content-range': `${at}-${content.length - 1}` }
    const answer = await client.send(method, path, { headers, body: content.slice(at) })
    return answer.status !== 416 && answer
  })
}

const cutPatch = (id: string, { header, frame }: Framing, size: number): Check =>
  berth(`cut-patch-${id}-${size}`, `a PATCH of ${size} bytes cut off can go on (${id})`, [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(size)]
    const location = await client.startUpload(repository)
    const [head, half] = [content.slice(0, 5000), size / 2]
    expect((await client.send('PATCH', location, { body: head })).status).toBe(202)
    const rest = content.slice(head.length)
    await sendPart(client, `PATCH ${location}`, header(rest.length), frame(rest.slice(0, half)))
    // The server may need a moment to notice; a body that comes meanwhile has to wait for that.
    const at = await received(client, location)
    expect(at).toBeWithin(head.length, head.length + half + 1)
    expect((await sendRest(client, ['PATCH', location], location, content)).status).toBe(202)
    const put = withQuery(location, { digest: digestOf(content) })
    await expectCreated(client, repository, await client.send('PUT', put), content, digestOf(content))
  })

const cutPut = (id: string, { header, frame }: Framing, size: number): Check =>
  berth(`cut-put-${id}-${size}`, `a PUT of ${size} bytes cut off makes no blob and may come again (${id})`, [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(size)]
    const location = await client.startUpload(repository)
    const put = withQuery(location, { digest: digestOf(content) })
    await sendPart(client, `PUT ${put}`, header(size), frame(content.slice(0, size / 2)))
    expect((await client.send('HEAD', `/v2/${repository}/blobs/${digestOf(content)}`)).status).toBe(404)
    const answer = await sendRest(client, ['PUT', put], location, content)
    await expectCreated(client, repository, answer, content, digestOf(content))
  })

const cutPost = (id: string, { header, frame }: Framing, size: number): Check =>
  berth(`cut-post-${id}-${size}`, `a single POST of ${size} bytes cut off makes no blob (${id})`, [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(size)]
    const digest = digestOf(content)
    const half = content.slice(0, size / 2)
    await sendPart(client, `POST /v2/${repository}/blobs/uploads/?digest=${digest}`, header(size), frame(half))
    for (const one of [digest, digestOf(half)]) {
      expect((await client.send('HEAD', `/v2/${repository}/blobs/${one}`)).status).toBe(404)
    }
  })

const cutManifest = (id: string, { header, frame }: Framing): Check =>
  berth(`cut-manifest-${id}`, `a manifest cut off is not stored, not even when what came is one (${id})`, [], async (client) => {
    const repository = client.repository()
    const text = `{"schemaVersion":2,"manifests":[]}${' '.repeat(1000)}`
    const part = Buffer.from(text.slice(0, 500))
    for (const reference of ['tag', digestOf(part)]) {
      await sendPart(client, `PUT /v2/${repository}/manifests/${reference}`, header(text.length), frame(part))
    }
    await client.pushBlob(repository, '')
    for (const reference of ['tag', digestOf(part), digestOf(text)]) {
      expect((await client.send('HEAD', `/v2/${repository}/manifests/${reference}`)).status).toBe(404)
    }
    expect(jsonOf(await client.send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: [] })
  })

const wrongFramings: Readonly<Record<string, readonly [string, string]>> = {
  'a chunk size that is no number': ['Transfer-Encoding: chunked', 'zz\r\nabc\r\n0\r\n\r\n'],
  'a chunk longer than its size': ['Transfer-Encoding: chunked', '1\r\nabcdef\r\n0\r\n\r\n'],
  'a chunk of a size beyond all bounds': ['Transfer-Encoding: chunked', 'ffffffffffffffffff\r\nabc'],
  'a Content-Length that is no number': ['Content-Length: abc', 'abc'],
  'a negative Content-Length': ['Content-Length: -3', 'abc'],
  'two lengths': ['Content-Length: 3\r\nContent-Length: 4', 'abcd'],
  'a length and chunks': ['Content-Length: 3\r\nTransfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'],
  'an encoding nobody knows': ['Transfer-Encoding: gzip, chunked', '3\r\nabc\r\n0\r\n\r\n'],
  'a length beyond all bounds': [`Content-Length: ${'9'.repeat(30)}`, 'abc'],
  'a length of 2 TiB': [`Content-Length: ${2 ** 41}`, 'abc'],
}

const wrongFraming = ([name, [header, body]]: [string, readonly [string, string]]): Check =>
  berth(name.toLowerCase().replaceAll(' ', '-'), `${name} is refused and adds nothing`, [], async (client) => {
    const repository = client.repository()
    const location = await client.startUpload(repository)
    const connection = await openRawTo(client)
    connection.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n${body}`)
    expect(await connection.answer(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 4(00|13) /)
    connection.reset()
    expect(await until('the upload is as it was', async () => (await received(client, location)) === 0)).toBe(true)
    expect((await client.send('DELETE', location)).status).toBe(204)
  })

const others = [
  berth('longer-body', 'a body longer than its Content-Length is not read into the blob', [], async (client) => {
    const [repository, content] = [client.repository(), freshBytes(1000)]
    const location = await client.startUpload(repository)
    const head = `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\nConnection: close\r\n\r\n`
    await exchange(client, Buffer.concat([Buffer.from(head), content]))
    expect(await received(client, location)).toBe(600)
  }),
  clients('expect-continue', 'Expect: 100-continue is answered before the body comes', [
    'quirks/expect-continue',
  ], async (client) => {
    const [repository, content] = [client.repository(), 'continued']
    const put = withQuery(await client.startUpload(repository), { digest: digestOf(content) })
    const connection = await openRawTo(client)
    const head = `PUT ${put} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${content.length}\r\n\r\n`
    connection.write(head)
    expect(await connection.answer(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    connection.write(content)
    expect(await connection.answer(/ 201 /)).toContain('HTTP/1.1 201 Created\r\n')
    connection.reset()
  }),
  berth('refusal-while-sending', 'a refusal reaches a client that is still sending', [], async (client) => {
    const upload = `/v2/${client.repository()}/blobs/uploads/${crypto.randomUUID()}`
    for (let time = 0; time < 10; time++) {
      const answer = await client.send('PATCH', upload, { body: streamOf(freshBytes(5_000_000), 100_000) })
      expectError(answer, 404, 'BLOB_UPLOAD_UNKNOWN')
    }
  }),
  // nginx asks for that by default, and makes 502 of an answer it never gets.
  berth('refusal-and-close', 'a refusal reaches a client that wants the connection closed', [], async (client) => {
    const upload = `/v2/${client.repository()}/blobs/uploads/${crypto.randomUUID()}`
    for (let time = 0; time < 20; time++) {
      const { answers } = await sendAll(rawUrl(client), `PATCH ${upload} HTTP/1.1\r\nConnection: close`, 20_000_000)
      expect(answers).toStartWith('HTTP/1.1 404 Not Found\r\n')
    }
  }),
  berth('many-broken-off', 'many uploads broken off at once leave the server as it was', [], async (client) => {
    const repository = client.repository()
    const locations = await Promise.all(Array.from({ length: 30 }, () => client.startUpload(repository)))
    const breakOff = (location: string) => sendPart(client, `PATCH ${location}`, 'Content-Length: 1000000', freshBytes(300_000))
    await Promise.all(locations.map(breakOff))
    const content = freshBytes(100_000)
    for (const location of locations) {
      expect((await client.send('DELETE', location)).status).toBe(204)
      expectError(await client.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
    }
    const put = withQuery(await client.startUpload(repository), { digest: digestOf(content) })
    await expectCreated(client, repository, await client.send('PUT', put, { body: content }), content, digestOf(content))
  }),
]

export const brokenBodies: Group = {
  id: 'broken-bodies',
  name: { en: 'Broken connections and bodies', 'zh-CN': '中断的连接与请求体' },
  section: 'RFC 9112; distribution-spec: Pushing a blob in chunks',
  checks: [
    ...Object.entries(framings).flatMap(([id, framing]) => [
      ...[20_000, 400_000].flatMap((size) => [cutPatch, cutPut, cutPost].map((cut) => cut(id, framing, size))),
      cutManifest(id, framing),
    ]),
    ...Object.entries(wrongFramings).map(wrongFraming),
    ...others,
  ],
}
