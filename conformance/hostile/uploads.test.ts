import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient, locationOf, withQuery } from '../oci/client.ts'
import { expectOneOf, reactionTo, requestLine, requestWithBody } from './hostile-case.ts'

setDefaultTimeout(180_000)

/** What a session holds before anything hostile comes. Larger ones are files, not rows. */
const heads = { 'in a row': '0123456789', 'in a file': '0123456789'.repeat(5000) }

interface Chunk {
  readonly what: string
  /** How far its Content-Range is from the right place, or all of the header. */
  readonly range: (at: number) => string
  readonly body?: string
  readonly answers: readonly string[]
}

const misplaced = ['416 BLOB_UPLOAD_INVALID']
const malformed = ['400 BLOB_UPLOAD_INVALID']
const wrongLength = ['400 SIZE_INVALID']

const chunks: readonly Chunk[] = [
  { what: 'a gap of one', range: (at) => `${at + 1}-${at + 2}`, answers: misplaced },
  { what: 'a gap of a terabyte', range: (at) => `${at + 2 ** 40}-${at + 2 ** 40 + 1}`, answers: misplaced },
  { what: 'an overlap of one', range: (at) => `${at - 1}-${at}`, answers: misplaced },
  { what: 'the beginning again', range: () => '0-1', answers: misplaced },
  { what: 'far more than comes', range: (at) => `${at}-${2 ** 53 - 2}`, answers: wrongLength },
  { what: 'one more than comes', range: (at) => `${at}-${at + 2}`, answers: wrongLength },
  { what: 'one less than comes', range: (at) => `${at}-${at}`, answers: wrongLength },
  { what: 'numbers beyond all bounds', range: (at) => `${at}-${'9'.repeat(40)}`, answers: malformed },
  {
    what: 'a number that wraps to the right one', range: (at) => `${2n ** 64n + BigInt(at)}-${2n ** 64n + BigInt(at) + 1n}`,
    answers: malformed,
  },
  { what: 'backwards', range: (at) => `${at + 1}-${at}`, answers: malformed },
  { what: 'below zero', range: (at) => `-1-${at}`, answers: malformed },
  { what: 'a fraction', range: (at) => `${at}.0-${at + 1}.0`, answers: malformed },
  { what: 'an exponent', range: (at) => `${at}e0-${at + 1}e0`, answers: malformed },
  { what: 'hexadecimal', range: (at) => `0x${at.toString(16)}-0x${(at + 1).toString(16)}`, answers: malformed },
  { what: 'no end', range: (at) => `${at}-`, answers: malformed },
  { what: 'no beginning', range: (at) => `-${at + 1}`, answers: malformed },
  { what: 'nothing', range: () => '', answers: malformed },
  { what: 'another unit', range: (at) => `lines ${at}-${at + 1}`, answers: malformed },
  { what: 'an asterisk', range: () => '*/12', answers: malformed },
  { what: 'an equals sign', range: (at) => `bytes=${at}-${at + 1}`, answers: malformed },
  { what: 'two of them', range: (at) => `${at}-${at + 1}, ${at}-${at + 1}`, answers: malformed },
  { what: 'blanks within', range: (at) => `${at} - ${at + 1}`, answers: malformed },
  { what: 'digits of 10 KB', range: (at) => `${'0'.repeat(10_000)}${at}-${at + 1}`, answers: malformed },
]

forEachServer('hostile uploads', (server) => {
  const client = () => createClient(server().url)
  const repository = 'uploads'

  async function begun(head: string): Promise<string> {
    return locationOf(await client().send('PATCH', await client().startUpload(repository), { body: head }))
  }

  async function position(location: string): Promise<string | null> {
    return (await client().send('GET', location)).headers.get('range')
  }

  async function finishRightly(location: string, head: string): Promise<void> {
    const [whole, headers] = [`${head}ab`, { 'content-range': `${head.length}-${head.length + 1}` }]
    const answer = await client().send('PATCH', location, { headers, body: 'ab' })
    expect(answer.status).toBe(202)
    expect((await client().send('PUT', withQuery(location, { digest: digestOf(whole) }))).status).toBe(201)
    expect((await client().send('GET', `/v2/${repository}/blobs/${digestOf(whole)}`)).bytes.length).toBe(whole.length)
  }

  describe.each(Object.entries(heads))('that are %s', (_, head) => {
    const byName = chunks.map((chunk) => [chunk.what, chunk] as const)
    test.each(byName)('a chunk with %s for its range leaves them as they were', async (name, { range, answers }) => {
      const location = await begun(head)
      const digest = digestOf(`${head}ab`)
      for (const [method, target] of [['PATCH', location], ['PUT', withQuery(location, { digest })]] as const) {
        const request = requestWithBody(method, target, 'ab', `Content-Range: ${range(head.length)}\r\n`)
        expectOneOf(await reactionTo(server().url, { name, request, answers }), answers)
        expect(await position(location)).toBe(`0-${head.length - 1}`)
      }
      await finishRightly(location, head)
    })

    test('a chunked body that is not as long as its range leaves them as they were', async () => {
      const location = await begun(head)
      for (const body of ['1\r\na\r\n0\r\n\r\n', '3\r\nabc\r\n0\r\n\r\n']) {
        const headers = `Content-Range: ${head.length}-${head.length + 1}\r\nTransfer-Encoding: chunked\r\n`
        const request = requestLine('PATCH', location, headers) + body
        expect(await reactionTo(server().url, { name: '', request, answers: [] })).toBe('400 SIZE_INVALID')
        expect(await position(location)).toBe(`0-${head.length - 1}`)
      }
      await finishRightly(location, head)
    })

    test('of two that come at once one is taken', async () => {
      const location = await begun(head)
      const headers = { 'content-range': `${head.length}-${head.length + 1}` }
      const sent = Array.from({ length: 8 }, () => client().send('PATCH', location, { headers, body: 'ab' }))
      const statuses = (await Promise.all(sent)).map(({ status }) => status)
      expect(statuses.sort((a, b) => a - b)).toEqual([202, ...Array<number>(7).fill(416)])
      expect(await position(location)).toBe(`0-${head.length + 1}`)
      const put = withQuery(location, { digest: digestOf(`${head}ab`) })
      const ends = await Promise.all(Array.from({ length: 8 }, () => client().send('PUT', put)))
      expect(new Set(ends.map(({ status }) => status))).toEqual(new Set([201]))
    })

    test('one that has ended takes nothing more, and its last request may come again', async () => {
      const location = await begun(head)
      const put = withQuery(location, { digest: digestOf(head) })
      expect((await client().send('PUT', put)).status).toBe(201)
      const refused = [
        await client().send('PATCH', location, { body: 'ab' }),
        await client().send('PUT', withQuery(location, { digest: digestOf('other') })),
        await client().send('GET', location),
        await client().send('DELETE', location),
      ]
      expect(refused.map(({ status }) => status)).toEqual([404, 404, 404, 404])
      expect((await client().send('PUT', put)).status).toBe(201)
      expect((await client().send('GET', `/v2/${repository}/blobs/${digestOf(head)}`)).bytes.length).toBe(head.length)
    })

    test('one that was cancelled is gone for good', async () => {
      const location = await begun(head)
      expect((await client().send('DELETE', location)).status).toBe(204)
      const put = withQuery(location, { digest: digestOf(head) })
      for (const [method, path] of [['PATCH', location], ['GET', location], ['DELETE', location], ['PUT', put]] as const) {
        expect([method, (await client().send(method, path)).status]).toEqual([method, 404])
      }
    })
  })

  test.each([
    ['in another repository', (path: string) => path.replace('/uploads/blobs/', '/uploads/other/blobs/')],
    [
      'with another letter in its id',
      (path: string) => path.replace(/(?<=\/)[^/](?=[^/]*$)/, (letter) => (letter === '0' ? '1' : '0')),
    ],
    ['with another last letter', (path: string) => `${path.slice(0, -1)}${path.endsWith('A') ? 'Q' : 'A'}`],
    ['with a letter more', (path: string) => `${path}A`],
    ['with a letter less', (path: string) => path.slice(0, -1)],
    ['without its end', (path: string) => path.replace(/\.[^./]*$/, '')],
    ['without its middle', (path: string) => path.replace(/\.[^./]*\./, '..')],
    ['with its id alone', (path: string) => path.replace(/\.[^/]*$/, '')],
    ['in capitals', (path: string) => path.replace(/[^/]*$/, (id) => id.toUpperCase())],
    ['in front of a slash', (path: string) => `${path}/`],
    ['with a NUL behind it', (path: string) => `${path}%00`],
    ['with a parameter of the path', (path: string) => `${path};a`],
  ])('a session named %s is none', async (_, change) => {
    const location = await begun('0123456789')
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await client().send(method, change(location), method === 'PATCH' ? { body: 'ab' } : {})
      expect([method, answer.status]).toEqual([method, 404])
    }
    expect(await position(location)).toBe('0-9')
    await finishRightly(location, '0123456789')
  })

  test('a session named in escapes is the same', async () => {
    const location = await begun('0123456789')
    const escaped = location.replace(/-/, '%2D').replace(/\./, '%2e')
    expect(await position(escaped)).toBe('0-9')
  })
})
