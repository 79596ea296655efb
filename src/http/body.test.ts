import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { RegistryError } from '../oci/index.ts'
import type { UploadBody } from '../registry/index.ts'
import { listen, type Listener } from './index.ts'
import { openRawSocket, parseRawAnswer } from './raw-socket.testing.ts'
import { createTestHttp, errorCode, type TestHttp } from './test-http.testing.ts'

// What Bun makes of bodies that end early, and of answers that come before the body was read, seen from both ends.
setDefaultTimeout(30_000)

const host = 'Host: registry.test\r\n'
const manifest = '{"schemaVersion":2,"manifests":[]}'

let t: TestHttp
let listener: Listener

beforeEach(() => {
  t = createTestHttp()
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger })
})

afterEach(() => listener.stop(0))

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not come to that')
    await Bun.sleep(5)
  }
}

/** How an upload's body came to the core. */
interface Arrival {
  bytes: number
  readonly declared: number | undefined
  /** Set when it ended. */
  end: { readonly error: unknown } | undefined
}

/** Listens with a core that only reads what it is sent, and tells how each body came and ended. */
async function recordArrivals(): Promise<Arrival[]> {
  const arrivals: Arrival[] = []
  const { registry } = t.fake
  const read = async ({ stream, length }: UploadBody): Promise<number> => {
    const arrival: Arrival = { bytes: 0, declared: length, end: undefined }
    arrivals.push(arrival)
    try {
      const reader = stream?.getReader()
      for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) arrival.bytes += chunk.value.length
    } catch (error) {
      arrival.end = { error }
      throw error
    }
    arrival.end = { error: undefined }
    return arrival.bytes
  }
  const append: typeof registry.uploads.append = async (_actor, _name, id, body) => ({ id, offset: await read(body) })
  const recording = createTestHttp({ registry: { ...registry, uploads: { ...registry.uploads, append } } })
  await listener.stop(0)
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: recording.http.fetch, logger: recording.logger })
  return arrivals
}

const patch = `PATCH /v2/team/app/blobs/uploads/5a4c9f1e-1111-4111-8111-111111111111 HTTP/1.1\r\n${host}`
const chunked = 'Transfer-Encoding: chunked\r\n\r\n'

describe('a body that is cut off', () => {
  test.each([
    ['with a length, in the middle', `${patch}Content-Length: 10\r\n\r\n12345`, 5],
    ['with a length, before its first byte', `${patch}Content-Length: 10\r\n\r\n`, 0],
    ['in the middle of a chunk', `${patch}${chunked}5\r\n12345\r\n5\r\n12`, 7],
    ['between two chunks', `${patch}${chunked}5\r\n12345\r\n`, 5],
    ['before its first chunk', `${patch}${chunked}`, 0],
    ['in the line of the last chunk', `${patch}${chunked}5\r\n12345\r\n0`, 5],
  ])('%s, is an error to the core, not an end', async (_, request, count) => {
    const arrivals = await recordArrivals()
    for (const [index, cut] of (['reset', 'finish'] as const).entries()) {
      const socket = openRawSocket(listener.port)
      socket.send(request)
      await until(() => arrivals[index]?.bytes === count)
      expect(arrivals[index]?.end).toBeUndefined()
      socket[cut]()
      await until(() => arrivals[index]?.end !== undefined)
      expect(arrivals[index]?.end?.error).toBeInstanceOf(RegistryError)
      expect(arrivals[index]?.end?.error).toMatchObject({ code: 'SIZE_INVALID', cause: expect.anything() })
      expect(arrivals[index]?.bytes).toBe(count)
      socket.reset()
    }
  })

  const garbled = ['zz\r\n', '-1\r\n', 'ffffffffffffffffff\r\n', '5\r\n12345XX']

  test.each(garbled)('by %j where a chunk should be, is one too', async (garbage) => {
    const arrivals = await recordArrivals()
    const socket = openRawSocket(listener.port)
    socket.send(`${patch}${chunked}5\r\n12345\r\n`)
    await until(() => arrivals[0]?.bytes === 5)
    socket.send(garbage)
    expect(parseRawAnswer(await socket.received()).status).toBe(400)
    await until(() => arrivals[0]?.end !== undefined)
    expect(arrivals[0]?.end?.error).toMatchObject({ code: 'SIZE_INVALID' })
  })

  test('whole ones end without an error, with their length where they have one', async () => {
    const arrivals = await recordArrivals()
    for (const request of [
      `${patch}Content-Length: 5\r\n\r\n12345`,
      `${patch}${chunked}3\r\n123\r\n2\r\n45\r\n0\r\n\r\n`,
      `${patch}Content-Length: 0\r\n\r\n`,
      `${patch}${chunked}0\r\n\r\n`,
      `${patch}\r\n`,
    ]) {
      const socket = openRawSocket(listener.port)
      socket.send(request)
      expect(parseRawAnswer(await socket.received(/\r\n\r\n/)).status).toBe(202)
      socket.reset()
    }
    const seen = arrivals.map(({ bytes, declared }) => [bytes, declared])
    expect(seen).toEqual([[5, 5], [5, undefined], [0, 0], [0, undefined], [0, 0]])
    expect(arrivals.every(({ end }) => end?.error === undefined)).toBe(true)
  })

  test('a manifest is not stored, not even when what came is one', async () => {
    const put = `PUT /v2/team/app/manifests/cut HTTP/1.1\r\n${host}`
    for (const request of [
      `${put}Content-Length: ${manifest.length + 1}\r\n\r\n${manifest}`,
      `${put}${chunked}${manifest.length.toString(16)}\r\n${manifest}\r\n`,
    ]) {
      const before = t.log.length
      const socket = openRawSocket(listener.port)
      socket.send(request)
      socket.finish()
      await socket.received()
      await until(() => t.log.length > before)
      expect(t.log.at(-1)).toMatchObject({ status: 400, code: 'SIZE_INVALID' })
    }
    expect(t.fake.repository('team/app').tags.has('cut')).toBe(false)
  })
})

describe('a body that says it is coded', () => {
  const send = (coding: string, method: string, path: string) =>
    t.ask(method, path, { body: manifest, headers: { 'content-encoding': coding } })

  test.each(['gzip', 'GZIP', 'deflate, br', 'aws-chunked', 'identity, gzip', 'x'])('%s is not stored', async (coding) => {
    const location = (await t.ask('POST', '/v2/team/app/blobs/uploads/')).headers.get('location') ?? ''
    for (const [method, path] of [['PUT', '/v2/team/app/manifests/coded'], ['PATCH', location]] as const) {
      const answer = await send(coding, method, path)
      expect([answer.status, await errorCode(answer)]).toEqual([415, 'UNSUPPORTED'])
    }
    expect(t.fake.repository('team/app').tags.has('coded')).toBe(false)
  })

  test('identity is no coding', async () => {
    expect((await send('identity', 'PUT', '/v2/team/app/manifests/plain')).status).toBe(201)
  })
})

describe('an answer before the body was read', () => {
  const size = 48 * 1024 * 1024
  const piece = Buffer.alloc(1024 * 1024, 'x')

  test.each([
    ['PUT', '/v2/team/app/manifests/x', 413],
    ['PUT', '/v2/Team/manifests/x', 400],
    ['PATCH', '/v2/team/app/blobs/uploads/x', 404],
    ['PATCH', '/v2/team/app/blobs/uploads/5a4c9f1e-1111-4111-8111-111111111111', 404],
    ['PUT', '/v2/team/app/tags/list', 405],
    ['POST', '/nowhere', 404],
  ])('%s %s comes at once, and the connection goes on', async (method, path, status) => {
    for (const framing of [`Content-Length: ${size}\r\n\r\n`, chunked]) {
      const socket = openRawSocket(listener.port)
      socket.send(`${method} ${path} HTTP/1.1\r\n${host}${framing}`)
      const isChunked = framing === chunked
      if (isChunked) socket.send(`${piece.length.toString(16)}\r\n`)
      socket.send(piece)
      if (isChunked) socket.send('\r\n')
      const answer = parseRawAnswer(await socket.received(/"errors"/))
      expect(answer.status).toBe(status)
      expect(answer.headers['content-type']).toBe('application/json')
      for (let sent = piece.length; sent < size; sent += piece.length) {
        socket.send(isChunked ? `${piece.length.toString(16)}\r\n` : '')
        socket.send(piece)
        if (isChunked) socket.send('\r\n')
      }
      if (isChunked) socket.send('0\r\n\r\n')
      socket.send(`GET /v2/ HTTP/1.1\r\n${host}\r\n`)
      expect(await socket.received(/\{\}$/)).toContain('HTTP/1.1 200 OK')
      socket.reset()
    }
  })
})

