import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { listen, type Listener } from './index.ts'
import { openRawSocket, parseRawAnswer } from './raw-socket.testing.ts'
import { createTestHttp, type TestHttp } from './test-http.testing.ts'

setDefaultTimeout(30_000)

const host = 'Host: registry.test\r\n'
const digest = `sha256:${'0'.repeat(64)}`
const get = (path: string, headers = host): string => `GET ${path} HTTP/1.1\r\n${headers}\r\n`
const post = (headers: string, body = ''): string => `POST /v2/a/blobs/uploads/ HTTP/1.1\r\n${host}${headers}\r\n${body}`
const chunks = (body: string): string => post('Transfer-Encoding: chunked\r\n', body)

/** What a hostile client sends, and the statuses it may get. 0: the connection is closed without an answer. */
const requests: readonly (readonly [what: string, bytes: string, ...statuses: number[]])[] = [
  ['a broken escape in a name', get('/v2/%zz/tags/list'), 400],
  ['a broken escape in a reference', get('/v2/a/manifests/%'), 400],
  ['a broken escape at the end of a digest', get(`/v2/a/blobs/${digest}%2`), 400],
  ['an escape that is no UTF-8', get('/v2/%ff%fe/tags/list'), 400],
  ['an overlong escape', get('/v2/%c0%ae%c0%ae/tags/list'), 400],
  ['an encoded surrogate', get('/v2/%ed%a0%80/tags/list'), 400],
  ['an encoded NUL in a name', get('/v2/a%00b/tags/list'), 400],
  ['an encoded NUL in a tag', get('/v2/a/manifests/x%00'), 404],
  ['an encoded NUL in an upload', get('/v2/a/blobs/uploads/%00'), 404],
  ['an encoded line feed', get('/v2/a%0d%0aX-Evil:%201/tags/list'), 400],
  ['a NUL in the path', get('/v2/a\0b/tags/list'), 400, 505],
  ['a space in the path', get('/v2/a b/tags/list'), 400, 505],
  ['a tab in the path', get('/v2/a\tb/tags/list'), 400, 505],
  ['bytes above 127 in the path', get('/v2/\xff\xfe/tags/list'), 400],
  ['UTF-8 in the path', get('/v2/\xc3\xa4/tags/list'), 400],
  ['an upper-case name', get('/v2/Library/alpine/tags/list'), 400],
  ['dot segments', get('/v2/../../etc/passwd'), 404],
  ['dot segments inside a name', get('/v2/a/../../../etc/tags/list'), 404],
  ['encoded dot segments', get('/v2/%2e%2e/%2e%2e/etc/passwd/tags/list'), 400, 404],
  ['dots and an encoded slash', get('/v2/..%2f..%2fetc/tags/list'), 400],
  ['an encoded backslash', get('/v2/..%5c..%5cetc/tags/list'), 400],
  ['backslashes', get('/v2\\a\\tags\\list'), 404],
  ['dot segments and no host', get('/v2/../a/tags/list', 'Host: a/b\r\n'), 400],
  ['double slashes', get('/v2//a/tags/list'), 404],
  ['double slashes before all', get('//v2/'), 404],
  ['a double encoded slash', get('/v2/a%252fb/tags/list'), 400],
  ['markup in the path', get('/v2/<script>alert(1)</script>/tags/list'), 400],
  ['a path of 8 KB', get(`/v2/${'a/'.repeat(4000)}tags/list`), 400],
  ['a path of 70 KB', get(`/${'a'.repeat(70_000)}`), 431],
  ['a query of 12 KB', get(`/v2/a/tags/list?last=${'%41'.repeat(4000)}`), 404],
  ['a thousand parameters', get(`/v2/_catalog?${'n&'.repeat(1000)}`), 400],
  ['a fragment', get('/v2/#/../x'), 200],
  ['an absolute target', get('http://elsewhere.test/v2/'), 200],
  ['a target that is no path', get('*'), 400],
  ['an empty target', 'GET  HTTP/1.1\r\n\r\n', 400, 505],
  ['no host', get('/v2/', ''), 400],
  ['an empty host', get('/v2/', 'Host:\r\n'), 200],
  ['two hosts', get('/v2/', `${host}Host: other\r\n`), 400],
  ['the same host twice', get('/v2/', host + host), 400],
  ['a path for a host', get('/v2/', 'Host: a/../b?c#d\r\n'), 400],
  ['a host of 8 KB', get('/v2/', `Host: ${'a'.repeat(8000)}\r\n`), 200],
  ['bytes above 127 in the host', get('/v2/', 'Host: \xff\xfe\r\n'), 400],
  ['a header of 64 KB', get('/v2/', `${host}X-Long: ${'a'.repeat(65_536)}\r\n`), 431],
  ['a thousand headers', get('/v2/', host + Array.from({ length: 1000 }, (_, i) => `X-${i}: 1\r\n`).join('')), 431],
  ['a control character in a header', get('/v2/', `${host}User-Agent: a\x1b[31m\r\n`), 400],
  ['a NUL in a header', get('/v2/', `${host}User-Agent: a\0b\r\n`), 400],
  ['a bare CR in a header', get('/v2/', `${host}User-Agent: a\rX-Evil: 1\r\n`), 400],
  ['a folded header', get('/v2/', `${host}X-A: b\r\n c\r\n`), 400],
  ['a space before the colon', get('/v2/', `${host}X-A : b\r\n`), 400],
  ['a header without a name', get('/v2/', `${host}: b\r\n`), 400],
  ['a header without a colon', get('/v2/', `${host}nonsense\r\n`), 400],
  ['C1 controls in a user agent', get('/v2/none/tags/list', `${host}User-Agent: a\x9b31m\r\n`), 404],
  ['markup in Accept', get('/v2/a/manifests/x', `${host}Accept: <script>\r\n`), 404],
  ['a range of nonsense', get(`/v2/a/blobs/${digest}`, `${host}Range: bytes=${'9'.repeat(400)}-\r\n`), 404],
  ['ten thousand entity tags', get('/v2/a/manifests/x', `${host}If-None-Match: ${'"a",'.repeat(3000)}\r\n`), 404],
  ['two lengths', post('Content-Length: 3\r\nContent-Length: 5\r\n', 'abcde'), 400],
  ['a length twice', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), 400],
  ['a list of lengths', post('Content-Length: 3, 3\r\n', 'abc'), 400],
  ['a length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['chunks and a length', post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'), 400],
  ['a negative length', post('Content-Length: -1\r\n'), 400],
  ['a signed length', post('Content-Length: +3\r\n', 'abc'), 400],
  ['a length in hexadecimal', post('Content-Length: 0x3\r\n', 'abc'), 400],
  ['a length beyond all numbers', post(`Content-Length: ${'9'.repeat(40)}\r\n`), 400, 413],
  ['a length of two terabytes', post('Content-Length: 2000000000000\r\n'), 413],
  ['another transfer coding', post('Transfer-Encoding: gzip\r\n', 'x'), 400],
  ['two transfer codings', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 400],
  ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['a list with nothing behind chunked', post('Transfer-Encoding: chunked,\r\n', '0\r\n\r\n'), 400],
  ['almost chunked', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
  ['a chunk of negative size', chunks('-1\r\nabc\r\n0\r\n\r\n'), 202, 400],
  ['a chunk beyond all sizes', chunks('ffffffffffffffffff\r\nabc\r\n0\r\n\r\n'), 202, 400],
  ['a chunk with a prefix', chunks('0x3\r\nabc\r\n0\r\n\r\n'), 202, 400],
  ['line feeds alone', 'GET /v2/ HTTP/1.1\nHost: a\n\n', 400, 505],
  ['no version', 'GET /v2/\r\n\r\n', 400, 505],
  ['another version', `GET /v2/ HTTP/2.0\r\n${host}\r\n`, 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 505],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['binary garbage', '\xde\xad\xbe\xef\r\n\r\n', 0, 400],
  ['an unknown method', `FOO /v2/ HTTP/1.1\r\n${host}\r\n`, 0, 405],
  ['a method in lower case', `get /v2/ HTTP/1.1\r\n${host}\r\n`, 0, 405],
  ['TRACE', `TRACE /v2/ HTTP/1.1\r\n${host}\r\n`, 405],
  ['CONNECT', `CONNECT registry.test:443 HTTP/1.1\r\n${host}\r\n`, 405],
  ['a digest with upper-case letters', get(`/v2/a/blobs/sha256:${'A'.repeat(64)}`), 400],
  ['a digest of dots', get('/v2/a/blobs/sha256:../../../etc/passwd'), 404],
  ['an algorithm of dots', get('/v2/a/manifests/..:..'), 400],
  ['a mount of nonsense', `POST /v2/a/blobs/uploads/?mount=%00&from=../../etc HTTP/1.1\r\n${host}\r\n`, 202],
  ['a number of nonsense', get('/v2/_catalog?n=1;drop%20table'), 400],
]

let t: TestHttp
let listener: Listener

beforeAll(() => {
  t = createTestHttp()
  listener = listen({ hostname: '127.0.0.1', port: 0, fetch: t.http.fetch, logger: t.logger })
})

afterAll(() => listener.stop(0))

describe('hostile requests', () => {
  test.each(requests)('%s', async (_, bytes, ...statuses) => {
    const socket = openRawSocket(listener.port)
    socket.send(Buffer.from(bytes, 'latin1'))
    const text = await socket.received(/\r\n\r\n(?:[^{]|$|\{.*\})/)
    socket.reset()
    const answer = parseRawAnswer(text)
    expect(statuses).toContain(text === '' ? 0 : answer.status)
    expect(text).not.toMatch(/<!doctype|<html/i)
    expect(answer.headers).not.toHaveProperty('x-evil')
    // What Bun refuses by itself has no body; all else is a document of ours.
    if (answer.status >= 400 && answer.body !== '') {
      expect(answer.headers['content-type']).toBe('application/json')
      expect(JSON.parse(answer.body).errors[0]).toMatchObject({ code: expect.any(String), message: expect.any(String) })
    }
  })

  test('the list is long enough to mean something', () => {
    expect(requests.length).toBeGreaterThanOrEqual(60)
  })

  test('none of them was a failure of ours, and each line of the log is one line', () => {
    expect(t.log.length).toBeGreaterThan(30)
    expect(t.log.filter(({ status, level }) => level !== 'info' || Number(status) >= 500)).toEqual([])
  })

  test('a request hidden in the body of another is not served', async () => {
    const socket = openRawSocket(listener.port)
    const hidden = get('/v2/hidden/tags/list')
    socket.send(`PUT /v2/a/tags/list HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`)
    socket.send(get('/v2/'))
    const text = await socket.received(/\{\}$/)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 200'])
    socket.reset()
  })

  test('two requests in one piece are answered in order', async () => {
    const socket = openRawSocket(listener.port)
    socket.send(get('/v2/none/tags/list') + get('/v2/'))
    const text = await socket.received(/\{\}$/)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200'])
    socket.reset()
  })
})
