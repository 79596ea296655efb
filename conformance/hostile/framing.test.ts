import { expect, setDefaultTimeout, test } from 'bun:test'
import { forEachServer } from '../for-each-server.ts'
import { createClient } from '../oci/client.ts'
import { host, type HostileCase, requestLine, testCases } from './hostile-case.ts'
import { provoke } from './provoke.ts'

setDefaultTimeout(180_000)

const uploads = '/v2/framing/blobs/uploads/'
const post = (headers: string, body = ''): string => requestLine('POST', uploads, headers) + body
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body)
const manifest = '{"schemaVersion":2,"manifests":[]}'
const type = 'Content-Type: application/vnd.oci.image.index.v1+json\r\n'
const put = (headers: string, body: string): string => requestLine('PUT', '/v2/framing/manifests/a', headers + type) + body
const putChunked = (body: string): string => put('Transfer-Encoding: chunked\r\n', body)
const size = manifest.length.toString(16)
const smuggled = requestLine('DELETE', '/v2/framing/manifests/victim')

/** Where the runtime finds the length of a body in doubt, before anything is answered. */
const lengths: readonly (readonly [what: string, request: string, ...answers: string[]])[] = [
  ['a length, then chunks', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`), '400 bare'],
  ['chunks, then a length', post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${smuggled}`), '400 bare'],
  ['two lengths', post(`Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`, smuggled), '400 bare'],
  ['a length twice', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), '400 UNSUPPORTED'],
  ['a list of lengths', post('Content-Length: 3, 3\r\n', 'abc'), '400 bare'],
  ['a negative length', post('Content-Length: -1\r\n'), '400 bare'],
  ['a signed length', post('Content-Length: +3\r\n', 'abc'), '400 bare'],
  ['a length of letters', post('Content-Length: three\r\n', 'abc'), '400 bare'],
  ['a length in hexadecimal', post('Content-Length: 0x3\r\n', 'abc'), '400 bare'],
  ['a fraction of a length', post('Content-Length: 3.0\r\n', 'abc'), '400 bare'],
  ['a length with an exponent', post('Content-Length: 1e1\r\n', 'abc'), '400 bare'],
  ['no length behind its name', post('Content-Length:\r\n'), '400 bare'],
  ['a length of 40 digits', post(`Content-Length: ${'9'.repeat(40)}\r\n`), '400 bare', '413 bare'],
  ['a length of 2^64 + 3', post('Content-Length: 18446744073709551619\r\n', 'abc'), '400 bare', '413 bare'],
  ['a length of 2 TiB', post(`Content-Length: ${2 ** 41}\r\n`), '413 bare'],
  ['a length before a space and a colon', post('Content-Length : 3\r\n', 'abc'), '400 bare'],
  ['a length in a folded line', post('Content-Length:\r\n 3\r\n', 'abc'), '400 bare'],
  ['an unknown coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['no coding at all', post('Transfer-Encoding: identity\r\n'), '400 bare'],
  ['an empty coding', post('Transfer-Encoding:\r\n'), '400 bare'],
  ['a coding in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'), '400 bare'],
  ['a coding with a parameter', post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'), '400 bare'],
  ['a coding behind a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['a coding before a space and a colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['a coding in a folded line', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['a coding behind a bare line feed', post('X: y\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['chunked and then another', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), '400 bare'],
  ['another and then chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), '400 bare'],
  ['chunked and a comma', post('Transfer-Encoding: chunked,\r\n', '0\r\n\r\n'), '400 UNSUPPORTED'],
  ['a comma and chunked', post('Transfer-Encoding: , chunked\r\n', '0\r\n\r\n'), '400 UNSUPPORTED'],
  ['chunks in HTTP/1.0', `POST ${uploads} HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, '400 bare'],
]

/** Chunks that no two programs read alike, of a body that is read before it is answered. */
const chunks: readonly (readonly [what: string, body: string, ...answers: string[]])[] = [
  ['a size of letters', `zz\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a negative size', `-${size}\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size with a prefix', `0x${size}\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size with an underscore', `0_${size}\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size behind a space', ` ${size}\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size before a space', `${size} \r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['no size', `\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size of 2^64 and more', `1${'0'.repeat(16 - size.length)}${size}\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size before a bare line feed', `${size}\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['a size before a bare carriage return', `${size}\rX\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['an extension with a line feed', `${size};a\nb\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['an extension of 100 KB', `${size};${'a'.repeat(100_000)}\r\n${manifest}\r\n0\r\n\r\n`, '413 bare', '400 bare'],
  ['data longer than its size', `1\r\n${manifest}\r\n0\r\n\r\n`, '400 bare'],
  ['data without its end', `${size}\r\n${manifest}XX0\r\n\r\n`, '400 bare'],
  ['data with a bare line feed for its end', `${size}\r\n${manifest}\n0\r\n\r\n`, '400 bare'],
]

const heads: readonly (readonly [what: string, request: string, ...answers: string[]])[] = [
  ['bare line feeds', 'GET /v2/ HTTP/1.1\nHost: a\n\n', '400 bare', '505 bare'],
  ['one bare line feed', 'GET /v2/ HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', '400 bare'],
  ['a bare line feed for the end', 'GET /v2/ HTTP/1.1\r\nHost: a\r\n\n', '400 bare'],
  ['bare carriage returns', 'GET /v2/ HTTP/1.1\rHost: a\r\r', '400 bare', '505 bare'],
  ['a carriage return in a header', `GET /v2/ HTTP/1.1\r\n${host}X: y\rZ: 1\r\n\r\n`, '400 bare'],
  ['a folded header', `GET /v2/ HTTP/1.1\r\n${host}X: y\r\n\tz\r\n\r\n`, '400 bare'],
  ['a folded first header', 'GET /v2/ HTTP/1.1\r\n Host: a\r\n\r\n', '400 bare'],
  ['lines before the request', `\r\n\r\n${requestLine('GET', '/v2/')}`, '400 bare'],
  ['a NUL in a header', requestLine('GET', '/v2/', 'X: a\0b\r\n'), '400 bare'],
  ['an escape in a header', requestLine('GET', '/v2/', 'X: a\x1b[31m\r\n'), '400 bare'],
  ['a header without a name', requestLine('GET', '/v2/', ': a\r\n'), '400 bare'],
  ['a header without a colon', requestLine('GET', '/v2/', 'nonsense\r\n'), '400 bare'],
  ['a header with a space in its name', requestLine('GET', '/v2/', 'X Y: a\r\n'), '400 bare'],
  ['a header with a bracket in its name', requestLine('GET', '/v2/', 'X(y): a\r\n'), '400 bare'],
  ['a header with a letter beyond ASCII', requestLine('GET', '/v2/', 'X\xe9: a\r\n'), '400 bare'],
  ['no version', 'GET /v2/\r\n\r\n', '400 bare', '505 bare'],
  ['version 0.9', 'GET /v2/ HTTP/0.9\r\n\r\n', '505 bare'],
  ['version 1.2', `GET /v2/ HTTP/1.2\r\n${host}\r\n`, '505 bare'],
  ['version 1.10', `GET /v2/ HTTP/1.10\r\n${host}\r\n`, '505 bare'],
  ['version 2', `GET /v2/ HTTP/2.0\r\n${host}\r\n`, '505 bare'],
  ['the preface of version 2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 bare', '505 bare'],
  ['another protocol', `GET /v2/ ICAP/1.0\r\n${host}\r\n`, '400 bare', '505 bare'],
  ['a space behind the version', `GET /v2/ HTTP/1.1 \r\n${host}\r\n`, '400 bare', '505 bare'],
  ['tabs for spaces', `GET\t/v2/\tHTTP/1.1\r\n${host}\r\n`, '400 bare', '505 bare', 'closed'],
  ['two spaces', `GET  /v2/ HTTP/1.1\r\n${host}\r\n`, '400 bare', '505 bare'],
  ['no host', 'GET /v2/ HTTP/1.1\r\n\r\n', '400 bare'],
  ['two hosts', requestLine('GET', '/v2/', 'Host: other\r\n'), '400 UNSUPPORTED'],
  ['the same host twice', requestLine('GET', '/v2/', host), '400 UNSUPPORTED'],
  ['two hosts, far apart', requestLine('GET', '/v2/', `${'X: y\r\n'.repeat(50)}hOST: other\r\n`), '400 UNSUPPORTED'],
  ['a list of hosts', 'GET /v2/ HTTP/1.1\r\nHost: a, b\r\n\r\n', '400 UNSUPPORTED'],
  ['a path for a host', 'GET /v2/ HTTP/1.1\r\nHost: a/v2/b?\r\n\r\n', '400 UNSUPPORTED'],
  ['a user for a host', 'GET /v2/ HTTP/1.1\r\nHost: a@b\r\n\r\n', '400 UNSUPPORTED'],
  ['a space in a host', 'GET /v2/ HTTP/1.1\r\nHost: a b\r\n\r\n', '400 UNSUPPORTED'],
  ['bytes above 127 in a host', 'GET /v2/ HTTP/1.1\r\nHost: \xff\r\n\r\n', '400 UNSUPPORTED'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400 bare', 'closed'],
  ['binary garbage', '\xde\xad\xbe\xef\r\n\r\n', '400 bare', 'closed'],
  ['the header of a proxy', `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${requestLine('GET', '/v2/')}`, '400 bare', 'closed'],
  ['an unknown method', requestLine('FOO', '/v2/'), 'closed'],
  ['a method in lower case', requestLine('get', '/v2/'), 'closed'],
  ['a method of 10 KB', requestLine('A'.repeat(10_000), '/v2/'), 'closed', '400 bare'],
  ['a tunnel', requestLine('CONNECT', 'registry.test:443'), '405 UNSUPPORTED'],
  ['a tunnel to a path', requestLine('CONNECT', '/v2/'), '405 UNSUPPORTED'],
  ['TRACE', requestLine('TRACE', '/v2/', 'Cookie: secret\r\n'), '405 UNSUPPORTED'],
  ['OPTIONS', requestLine('OPTIONS', '/v2/'), '405 UNSUPPORTED'],
  ['PROPFIND', requestLine('PROPFIND', '/v2/'), '405 UNSUPPORTED'],
  ['MOVE', requestLine('MOVE', '/v2/framing/manifests/a', 'Destination: /v2/b\r\n'), '405 UNSUPPORTED'],
  [
    'a POST that says it is a DELETE',
    requestLine('POST', '/v2/framing/manifests/a', 'X-HTTP-Method-Override: DELETE\r\n'), '405 UNSUPPORTED',
  ],
]

const cases: HostileCase[] = [
  ...[...lengths, ...heads].map(([name, request, ...answers]) => ({ name, request, answers })),
  ...chunks.map(([name, body, ...answers]) => ({ name, request: putChunked(body), answers })),
]

/** The connection ends before the body that was announced. */
const cutOff: HostileCase[] = [
  {
    name: 'a body shorter than its length',
    request: put('Content-Length: 500\r\n', manifest),
    answers: ['400 SIZE_INVALID', '400 bare', 'closed'],
    finish: true,
  },
  {
    name: 'chunks without their end',
    request: putChunked(`${size}\r\n${manifest}\r\n`),
    answers: ['400 SIZE_INVALID', '400 bare', 'closed'],
    finish: true,
  },
  {
    name: 'a chunk cut off',
    request: putChunked(`fff\r\n${manifest}`),
    answers: ['400 SIZE_INVALID', '400 bare', 'closed'],
    finish: true,
  },
]

/** What is read is what was announced; the rest is a request of its own, which is none, and ends the connection. */
const tooLong: HostileCase[] = [
  {
    name: 'a body longer than its length',
    request: put(`Content-Length: ${manifest.length}\r\n`, `${manifest}rest`),
    answers: ['201', '201 + 400 bare', '400 bare', 'closed'],
  },
  {
    name: 'trailers behind the chunks',
    request: putChunked(`${size}\r\n${manifest}\r\n0\r\nX-Trailer: 1\r\n\r\n`),
    answers: ['201 + 400 bare', '400 bare', 'closed'],
  },
  {
    name: 'a length in the trailers',
    request: putChunked(`${size}\r\n${manifest}\r\n0\r\nContent-Length: 9\r\n\r\n`),
    answers: ['201 + 400 bare', '400 bare', 'closed'],
  },
  {
    name: 'broken chunks where no body is read',
    request: chunked('zz\r\nabc\r\n0\r\n\r\n'),
    answers: ['202 + 400 bare', '400 bare'],
  },
]

forEachServer('requests that two programs could read differently', (server) => {
  testCases(() => server().url, [...cases, ...cutOff, ...tooLong], [
    { name: 'a length alone', request: put(`Content-Length: ${manifest.length}\r\n`, manifest), answers: ['201'] },
    {
      name: 'a length with zeros before it',
      request: put(`Content-Length: 000${manifest.length}\r\n`, manifest),
      answers: ['201'],
    },
    { name: 'one chunk', request: putChunked(`${size}\r\n${manifest}\r\n0\r\n\r\n`), answers: ['201'] },
    {
      name: 'one chunk in capitals',
      request: put('transfer-encoding: CHUNKED\r\n', `${size.toUpperCase()}\r\n${manifest}\r\n0\r\n\r\n`),
      answers: ['201'],
    },
    { name: 'chunks with extensions', request: putChunked(`${size};a=b;c="d"\r\n${manifest}\r\n0;e\r\n\r\n`), answers: ['201'] },
    { name: 'a size with zeros before it', request: putChunked(`0000${size}\r\n${manifest}\r\n000\r\n\r\n`), answers: ['201'] },
    { name: 'a body where none is read', request: chunked('3\r\nabc\r\n0\r\n\r\n'), answers: ['202'] },
    { name: 'a GET with a body', request: requestLine('GET', '/v2/', 'Content-Length: 3\r\n') + 'abc', answers: ['200'] },
    { name: 'a HEAD with a body', request: requestLine('HEAD', '/v2/', 'Content-Length: 3\r\n') + 'abc', answers: ['200'] },
    {
      name: 'a DELETE with a body',
      request: requestLine('DELETE', '/v2/framing/manifests/none', 'Content-Length: 3\r\n') + 'abc',
      answers: ['404 MANIFEST_UNKNOWN'],
    },
    { name: 'an empty host', request: 'GET /v2/ HTTP/1.1\r\nHost:\r\n\r\n', answers: ['200'] },
    { name: 'a host with a port', request: 'GET /v2/ HTTP/1.1\r\nhost: [::1]:5000\r\n\r\n', answers: ['200'] },
    {
      name: 'an upgrade that is not offered',
      request: requestLine('GET', '/v2/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n'),
      answers: ['200'],
    },
  ])

  test('what was hidden in a body did not take place', async () => {
    const { url } = server()
    await createClient(url).putManifest('framing', 'victim', manifest, 'application/vnd.oci.image.index.v1+json')
    // Behind other requests it would be one of its own, which is served.
    const hiding = [...lengths.map(([, request]) => request), ...tooLong.map(({ request }) => request)]
    for (const request of hiding) await provoke(url, `${request}${smuggled}`)
    expect((await createClient(url).send('GET', '/v2/framing/manifests/victim')).status).toBe(200)
  })
})
