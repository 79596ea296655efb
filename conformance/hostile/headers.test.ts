import { beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { expectOneOf, type HostileCase, reactionTo, requestLine, requestWithBody, testCases } from './hostile-case.ts'
import { provoke } from './provoke.ts'

setDefaultTimeout(180_000)

const content = 'x'.repeat(2048)
const blob = `/v2/headers/blobs/${digestOf(content)}`
const manifest = '{"schemaVersion":2,"manifests":[]}'
const type = 'application/vnd.oci.image.index.v1+json'
const tag = '/v2/headers/manifests/tag'
const get = (target: string, header: string): string => requestLine('GET', target, `${header}\r\n`)
const put = (headers: string): string => requestWithBody('PUT', tag, manifest, `${headers}\r\n`)

type Row = readonly [what: string, request: string, ...answers: string[]]

const ranges: Row[] = [
  ['a range behind the end', get(blob, 'Range: bytes=2048-'), '416 BLOB_UPLOAD_INVALID'],
  ['a range far behind the end', get(blob, `Range: bytes=${'9'.repeat(400)}-`), '416 BLOB_UPLOAD_INVALID'],
  ['a range backwards', get(blob, 'Range: bytes=500-0'), '416 BLOB_UPLOAD_INVALID'],
  ['the last no bytes', get(blob, 'Range: bytes=-0'), '416 BLOB_UPLOAD_INVALID'],
  ['a range beyond all numbers', get(blob, `Range: bytes=0-${'9'.repeat(400)}`), '206'],
  ['the last bytes beyond all numbers', get(blob, `Range: bytes=-${'9'.repeat(400)}`), '206'],
  ['a thousand ranges', get(blob, `Range: bytes=${'0-,'.repeat(1000)}0-`), '200'],
  ['overlapping ranges', get(blob, 'Range: bytes=0-100,50-150,0-2047'), '200'],
  ['a range of lines', get(blob, 'Range: lines=1-2'), '200'],
  ['a range of nonsense', get(blob, 'Range: bytes=a-b'), '200'],
  ['a range of fractions', get(blob, 'Range: bytes=0.5-1.5'), '200'],
  ['a range below zero', get(blob, 'Range: bytes=--1'), '200'],
  ['no range', get(blob, 'Range:'), '200'],
  ['two headers of ranges', get(blob, 'Range: bytes=0-1\r\nRange: bytes=2-3'), '200'],
  ['a range of a manifest', get(tag, 'Range: bytes=5000-'), '200'],
  ['a range under a condition of nonsense', get(blob, 'Range: bytes=0-1\r\nIf-Range: "'), '200'],
]

const wishes: Row[] = [
  ['a wish for a page', get(tag, 'Accept: text/html'), '200'],
  ['a wish for a page instead of an error', get('/v2/headers/manifests/none', 'Accept: text/html'), '404 MANIFEST_UNKNOWN'],
  ['a wish for markup', get('/v2/headers/manifests/none', 'Accept: <script>alert(1)</script>'), '404 MANIFEST_UNKNOWN'],
  ['a thousand wishes', get(tag, `Accept: ${'a/b;q=0.1,'.repeat(1000)}*/*`), '200'],
  ['no wish that can be met', get(tag, 'Accept: a/b;q=0'), '200'],
  ['a wish of nonsense', get(tag, 'Accept: ;;;,,,q=q=q'), '200'],
  ['a wish for compression', get(blob, 'Accept-Encoding: gzip, br, zstd, *;q=1'), '200'],
  ['a wish for a language', get('/v2/headers/manifests/none', 'Accept-Language: ../../etc/passwd'), '404 MANIFEST_UNKNOWN'],
  ['three thousand entity tags', get(tag, `If-None-Match: ${'"a",'.repeat(3000)}`), '200'],
  ['an entity tag without an end', get(tag, 'If-None-Match: "'), '200'],
  ['a date of nonsense', get(tag, 'If-Modified-Since: yesterday'), '200'],
  [
    'another host behind the proxy',
    get('/v2/_catalog?n=1', 'X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: javascript\r\nForwarded: host=evil'), '200',
  ],
  ['__proto__', get('/v2/', '__proto__: x\r\n__proto__: y\r\nconstructor: z'), '200'],
  ['a delete in a user agent', get('/v2/', 'User-Agent: a\x7f\x9b31m'), '200'],
  ['credentials of nonsense', get('/v2/', 'Authorization: Basic \x80\x81'), '200'],
]

const writes: Row[] = [
  ['a manifest that says it is compressed', put(`Content-Type: ${type}\r\nContent-Encoding: gzip`), '415 UNSUPPORTED'],
  ['a manifest with two codings', put(`Content-Type: ${type}\r\nContent-Encoding: identity, br`), '415 UNSUPPORTED'],
  [
    'a blob that says it is compressed',
    requestWithBody('POST', `/v2/headers/blobs/uploads/?digest=${digestOf('abc')}`, 'abc', 'Content-Encoding: zstd\r\n'),
    '415 UNSUPPORTED',
  ],
  ['the type of a page', put('Content-Type: text/html'), '400 MANIFEST_INVALID'],
  ['the type of another page', put('Content-Type: application/xhtml+xml; charset=utf-8'), '400 MANIFEST_INVALID'],
  ['the type of an image', put('Content-Type: application/vnd.oci.image.manifest.v1+json'), '400 MANIFEST_INVALID'],
  ['no type at all', put('Content-Type: /'), '400 MANIFEST_INVALID'],
  ['two types', put(`Content-Type: ${type}, a/b`), '400 MANIFEST_INVALID'],
  ['two headers of types', put(`Content-Type: ${type}\r\nContent-Type: a/b`), '400 MANIFEST_INVALID'],
  ['a type of 300 characters', put(`Content-Type: a/${'b'.repeat(300)}`), '400 MANIFEST_INVALID'],
  ['a type beyond ASCII', put('Content-Type: a/\xe4'), '400 MANIFEST_INVALID'],
  ['a type of dots', put('Content-Type: ../../etc'), '400 MANIFEST_INVALID'],
  ['a dead format', put('Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws'), '400 MANIFEST_INVALID'],
  ['a condition without quotes', put('If-Match: abc'), '400 UNSUPPORTED'],
  ['a thousand conditions', put(`If-Match: ${'"a", '.repeat(1000)}"a"`), '400 UNSUPPORTED'],
  ['a condition that does not hold', put(`Content-Type: ${type}\r\nIf-Match: "sha256:${'0'.repeat(64)}"`), '412 DENIED'],
  ['a delete under a condition of nonsense', requestLine('DELETE', tag, 'If-Match: *, "a"\r\n'), '400 UNSUPPORTED'],
]

const filler = (bytes: number): string => `${'X-Filler: '}${'a'.repeat(bytes)}\r\n`

forEachServer('hostile headers', (server) => {
  beforeAll(async () => {
    const client = createClient(server().url)
    await client.pushBlob('headers', content)
    await client.putManifest('headers', 'tag', manifest, type)
  })

  const rows = [...ranges, ...wishes, ...writes]
  const cases: HostileCase[] = rows.map(([name, request, ...answers]) => ({ name, request, answers }))
  testCases(() => server().url, cases, [
    { name: 'a part of a blob', request: get(blob, 'Range: bytes=0-9'), answers: ['206'] },
    { name: 'a blob that was not changed', request: get(blob, `If-None-Match: "${digestOf(content)}"`), answers: ['304'] },
    { name: 'a manifest with its type', request: put(`Content-Type: ${type}; charset=utf-8`), answers: ['201'] },
    { name: 'a manifest of a type nobody knows', request: put('Content-Type: application/vnd.example+json'), answers: ['201'] },
    {
      name: 'a manifest that says it is not compressed',
      request: put(`Content-Type: ${type}\r\nContent-Encoding: identity`),
      answers: ['201'],
    },
    {
      name: 'a manifest under a condition that holds',
      request: put(`Content-Type: ${type}\r\nIf-Match: "${digestOf(manifest)}"`),
      answers: ['201'],
    },
    { name: 'headers of 40 KB', request: requestLine('GET', '/v2/', filler(40_000)), answers: ['200'] },
    { name: 'a hundred headers', request: requestLine('GET', '/v2/', 'X-Filler: a\r\n'.repeat(100)), answers: ['200'] },
  ])

  /** The server stops reading where its limit is; then what is on the way may cost the client the answer. */
  async function expectTooMuch(request: string): Promise<void> {
    expectOneOf(await reactionTo(server().url, { name: '', request, answers: [] }), ['431 bare', 'closed'])
  }

  test.each([50_000, 65_536, 1_000_000, 4_000_000])('headers of %d bytes are refused', async (bytes) => {
    await expectTooMuch(requestLine('GET', '/v2/', filler(bytes)))
  })

  test.each([300, 1000, 50_000])('%d headers are refused', async (count) => {
    await expectTooMuch(requestLine('GET', '/v2/', 'X-Filler: a\r\n'.repeat(count)))
  })

  test('a part that cannot be given names the size', async () => {
    const { answers } = await provoke(server().url, get(blob, 'Range: bytes=9999-'))
    expect(answers[0]?.headers.get('content-range')).toBe('bytes */2048')
  })

  test('what somebody stored is not shown by a browser', async () => {
    const { url } = server()
    const client = createClient(url)
    const markup = '<!doctype html><script>alert(1)</script>'
    const digest = await client.pushBlob('headers', markup)
    await client.putManifest('headers', 'markup', JSON.stringify({ annotations: { a: markup } }), 'image/svg+xml')
    for (const last of [`blobs/${digest}`, 'manifests/markup', 'tags/list', `manifests/${encodeURIComponent(markup)}`]) {
      const path = `/v2/headers/${last}`
      const answer = await client.send('GET', path, { headers: { accept: 'text/html' } })
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('content-type')).not.toContain('html')
    }
    expect((await client.send('GET', `/v2/headers/blobs/${digest}`)).headers.get('content-disposition')).toBe('attachment')
  })
})
