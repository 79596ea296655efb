import { expect } from 'bun:test'
import { berth, type Group } from '../checks/check.ts'
import type { Client } from './client.ts'
import { freshBytes } from './content.ts'

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

async function push(client: Client, size: number) {
  const [repository, content] = [client.repository(), freshBytes(size)]
  const digest = await client.pushBlob(repository, content)
  const get = (range: string, headers: Record<string, string> = {}) =>
    client.send('GET', `/v2/${repository}/blobs/${digest}`, { headers: { range, ...headers } })
  const parts = async (range: string) => {
    const answer = await get(range)
    const boundary = /boundary=(\w+)$/.exec(answer.headers.get('content-type') ?? '')?.[1] ?? ''
    expect([answer.status, boundary.length > 0, answer.headers.has('content-range')]).toEqual([206, true, false])
    return partsOf(answer.bytes, boundary)
  }
  return { content, digest, get, parts }
}

const checks = [
  ...[2048, 3_000_000].map((size) =>
    berth(`in-order-${size}`, `several ranges of a blob of ${size} bytes come as parts, in the order asked for`, [], async (client) => {
      const { content, parts } = await push(client, size)
      const asked = [[size - 1000, size - 1], [0, 0], [500, 999]] as const
      const found = await parts(`bytes=-1000, 0-0, ${size}-, 500-999`)
      expect(found.map(({ range }) => range)).toEqual(asked.map(([start, end]) => `${start}-${end}/${size}`))
      for (const [index, [start, end]] of asked.entries()) {
        expect(Buffer.compare(found[index]?.bytes ?? Buffer.alloc(0), content.slice(start, end + 1))).toBe(0)
      }
    }),
  ),
  berth('many', 'as many ranges as a partial pull of podman asks for come as parts', [], async (client) => {
    const { content, parts } = await push(client, 3_000_000)
    const starts = Array.from({ length: 1024 }, (_, n) => n * 2900)
    const found = await parts(`bytes=${starts.map((start) => `${start}-${start + 9}`).join(',')}`)
    expect(found.length).toBe(1024)
    expect(found.every(({ bytes }, n) => Buffer.compare(bytes, content.slice(n * 2900, n * 2900 + 10)) === 0)).toBe(true)
  }),
  berth('left-over', 'one range that is left is a plain part, and none is 416', [], async (client) => {
    const { content, get } = await push(client, 2048)
    const one = await get('bytes=3000-, 7-9')
    expect([one.status, one.headers.get('content-range'), one.headers.get('content-length')]).toEqual([206, 'bytes 7-9/2048', '3'])
    expect(Buffer.compare(one.bytes, content.slice(7, 10))).toBe(0)
    const none = await get('bytes=3000-, 9-7')
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */2048'])
  }),
  berth('bombs', 'ranges that overlap, and too many, never give more than the blob', [], async (client) => {
    const { get } = await push(client, 100_000)
    const many = Array.from({ length: 1025 }, (_, n) => `${n * 2}-${n * 2}`).join(',')
    for (const range of [`${'0-,'.repeat(1000)}0-`, '0-5,5-6', '0-,-1', many]) {
      const whole = await get(`bytes=${range}`)
      expect([whole.status, whole.bytes.length]).toEqual([200, 100_000])
    }
  }),
  berth('if-range', 'If-Range decides whether several ranges count', [], async (client) => {
    const { digest, get } = await push(client, 2048)
    expect((await get('bytes=0-1,3-4', { 'if-range': '"other"' })).bytes.length).toBe(2048)
    expect((await get('bytes=0-1,3-4', { 'if-range': `"${digest}"` })).status).toBe(206)
  }),
]

export const severalRanges: Group = {
  id: 'several-ranges',
  name: { en: 'Several ranges of a blob', 'zh-CN': '一次请求 blob 的多个区间' },
  section: 'RFC 9110: Range Requests',
  checks,
}
