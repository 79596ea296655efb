import { expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { digestOf } from '../digest.ts'
import { onServer } from '../for-each-server.ts'
import { createClient, withQuery } from '../oci/client.ts'
import { freshBytes, freshRepository, types } from '../oci/content.ts'
import { openRaw } from '../oci/raw-exchange.ts'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'

setDefaultTimeout(180_000)

onServer('a sender that asks with Expect: 100-continue', (server) => {
  const begin = () => createClient(server().url).startUpload(freshRepository())
  const head = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n')

  test('is told to go on before any of its body is there', async () => {
    const raw = await openRaw(server().url)
    raw.write(head(`PATCH ${await begin()}`, 'Content-Length: 5', 'Expect: 100-continue'))
    expect(await raw.answer(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    raw.write('hello')
    expect(await raw.answer()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 Accepted\r\n[^]*\r\nrange: 0-4\r\n/i)
  })

  // Bun says 100 to everybody. What counts is that the refusal does not wait for the body.
  test.each([
    ['an upload that does not exist', `PATCH /v2/a/b/blobs/uploads/${crypto.randomUUID()}`, 404],
    ['a method that is not allowed', 'POST /v2/', 405],
    ['a manifest that is too large', 'PUT /v2/a/b/manifests/x', 413],
  ])('is refused before it sends a byte: %s', async (_, line, status) => {
    const raw = await openRaw(server().url)
    raw.write(head(line, 'Content-Length: 500000000', 'Expect: 100-continue', `Content-Type: ${types.manifest}`).replace('Connection: close\r\n', ''))
    const answer = await raw.answer(/^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 [2-5]\d\d [^]*\r\n\r\n\{/)
    expect(answer).toMatch(new RegExp(`^(HTTP/1\\.1 100 Continue\r\n\r\n)?HTTP/1\\.1 ${status} `))
    raw.reset()
  })

  // RFC 9110, section 10.1.1: any case; a client must not wait for ever.
  test.each(['100-Continue', 'other'])('with the expectation %s is served once it sends', async (expectation) => {
    const raw = await openRaw(server().url)
    raw.write(head(`PATCH ${await begin()}`, 'Content-Length: 5', `Expect: ${expectation}`) + 'hello')
    expect(await raw.answer()).toMatch(/HTTP\/1\.1 202 Accepted\r\n/)
  })

  describeTools(['curl'], ({ curl }) => {
    test('pushes a blob without waiting', async () => {
      const folder = temporaryFolder()
      try {
        const [bytes, file] = [freshBytes(3_000_000), join(folder.path, 'blob')]
        writeFileSync(file, bytes)
        const url = server().url + withQuery(await begin(), { digest: digestOf(bytes) })
        const started = performance.now()
        const words = ['-sS', '-D', '-', '-H', 'Expect: 100-continue', '--expect100-timeout', '30', '-T', file]
        expect(await succeed([curl, ...words, url])).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/)
        expect(performance.now() - started).toBeLessThan(15_000)
      } finally {
        folder.remove()
      }
    })
  })
})
