import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient } from './client.ts'
import { freshBytes, freshRepository } from './content.ts'

setDefaultTimeout(30_000)

interface Part {
  readonly range: string | undefined
  readonly bytes: Buffer
}

/** As RFC 2046, section 5.1.1 has it: each part begins with the boundary, and the last one ends with it. */
function partsOf(body: Uint8Array, boundary: string): Part[] {
  const bytes = Buffer.from(body)
  const parts: Part[] = []
  let at = bytes.indexOf(`--${boundary}\r\n`)
  while (at !== -1) {
    const start = bytes.indexOf('\r\n\r\n', at) + 4
    const end = bytes.indexOf(`\r\n--${boundary}`, start)
    if (end === -1) throw new Error('a part has no end')
    const range = /^content-range: bytes (.*)$/im.exec(bytes.subarray(at, start).toString('latin1'))?.[1]
    parts.push({ range: range?.trim(), bytes: bytes.subarray(start, end) })
    at = bytes.subarray(end).toString('latin1').startsWith(`\r\n--${boundary}--`) ? -1 : end + 2
  }
  return parts
}

forEachRegistry('several ranges of a blob', (url) => {
  const client = () => createClient(url())

  const push = async (size: number) => {
    const [repository, content] = [freshRepository(), freshBytes(size)]
    const digest = await client().pushBlob(repository, content)
    const get = (range: string, headers: Record<string, string> = {}) =>
      client().send('GET', `/v2/${repository}/blobs/${digest}`, { headers: { range, ...headers } })
    const parts = async (range: string) => {
      const answer = await get(range)
      const boundary = /boundary=(\w+)$/.exec(answer.headers.get('content-type') ?? '')?.[1] ?? ''
      expect([answer.status, boundary.length > 0, answer.headers.has('content-range')]).toEqual([206, true, false])
      return partsOf(answer.bytes, boundary)
    }
    return { content, digest, get, parts }
  }

  test.each([2048, 3_000_000])('come as parts, in the order asked for, of a blob of %d bytes', async (size) => {
    const { content, parts } = await push(size)
    const asked = [[size - 1000, size - 1], [0, 0], [500, 999]] as const
    const found = await parts(`bytes=-1000, 0-0, ${size}-, 500-999`)
    expect(found.map(({ range }) => range)).toEqual(asked.map(([start, end]) => `${start}-${end}/${size}`))
    for (const [index, [start, end]] of asked.entries()) {
      expect(Buffer.compare(found[index]?.bytes ?? Buffer.alloc(0), content.slice(start, end + 1))).toBe(0)
    }
  })

  test('as many as a partial pull of podman asks for', async () => {
    const { content, parts } = await push(1_000_000)
    const starts = Array.from({ length: 500 }, (_, n) => n * 2000)
    const found = await parts(`bytes=${starts.map((start) => `${start}-${start + 9}`).join(',')}`)
    expect(found.length).toBe(500)
    expect(found.every(({ bytes }, n) => Buffer.compare(bytes, content.slice(n * 2000, n * 2000 + 10)) === 0)).toBe(true)
  })

  test('one that is left is a plain part, and none is 416', async () => {
    const { content, get } = await push(2048)
    const one = await get('bytes=3000-, 7-9')
    expect([one.status, one.headers.get('content-range'), one.headers.get('content-length')]).toEqual([206, 'bytes 7-9/2048', '3'])
    expect(Buffer.compare(one.bytes, content.slice(7, 10))).toBe(0)
    const none = await get('bytes=3000-, 9-7')
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */2048'])
  })

  test('never give more than the blob: those that overlap, and too many, are answered with all of it once', async () => {
    const { digest, get } = await push(100_000)
    const bombs = [`bytes=${'0-,'.repeat(1000)}0-`, 'bytes=0-5,5-6', 'bytes=0-,-1', `bytes=${Array.from({ length: 1025 }, (_, n) => `${n * 2}-${n * 2}`).join(',')}`]
    for (const bomb of bombs) {
      const whole = await get(bomb)
      expect([whole.status, whole.bytes.length]).toEqual([200, 100_000])
    }
    expect((await get('bytes=0-1,3-4', { 'if-range': '"other"' })).bytes.length).toBe(100_000)
    expect((await get('bytes=0-1,3-4', { 'if-range': `"${digest}"` })).status).toBe(206)
  })
})
