import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { TestDatabase } from '../databases.ts'
import { digestOf } from '../digest.ts'
import { forEachDatabase } from '../for-each-server.ts'
import { deleteBlob, expectCreated } from '../oci/blob-life.ts'
import { createClient, jsonOf, locationOf, textOf, withQuery } from '../oci/client.ts'
import { freshBytes, freshRepository, types } from '../oci/content.ts'
import { createBuilder } from '../oci/data-sets.ts'
import { expectError } from '../oci/expect-error.ts'
import { openRaw } from '../oci/raw-exchange.ts'
import { startServer, type Server } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'

setDefaultTimeout(180_000)

forEachDatabase('after kill -9', (kind) => {
  const folder = temporaryFolder()
  let database: TestDatabase
  let server: Server
  const start = () => startServer({ data: folder.path, env: database.env })
  const client = () => createClient(server.url)
  const killAndStart = async (): Promise<void> => {
    await server.kill9()
    server = await start()
  }
  beforeAll(async () => {
    database = await kind.create()
    server = await start()
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    await database.drop()
    folder.remove()
  })

  /** Sends one of six chunks and expects it acknowledged. */
  const sendChunk = async (location: string, content: Uint8Array<ArrayBuffer>, chunk: number): Promise<string> => {
    const size = content.length / 6
    const [first, last] = [chunk * size, (chunk + 1) * size - 1]
    const headers = { 'content-range': `${first}-${last}` }
    const answer = await client().send('PATCH', location, { headers, body: content.slice(first, last + 1) })
    expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${last}`])
    return locationOf(answer)
  }
  const rangeOf = async (location: string) => (await client().send('GET', location)).headers.get('range')

  describe.each([500, 20_000, 2_000_000])('an upload in chunks of %d bytes', (size) => {
    test.each(['sha256', 'sha512'] as const)('goes on with another process, named by %s', async (algorithm) => {
      const [repository, content] = [freshRepository(), freshBytes(6 * size)]
      let location = await client().startUpload(repository)
      for (const chunk of [0, 1, 2]) location = await sendChunk(location, content, chunk)
      await killAndStart()
      expect(await rangeOf(location)).toBe(`0-${3 * size - 1}`)
      location = await sendChunk(location, content, 3)
      // Once more, and twice in a row.
      await killAndStart()
      await killAndStart()
      expect(await rangeOf(location)).toBe(`0-${4 * size - 1}`)
      for (const chunk of [4, 5]) location = await sendChunk(location, content, chunk)
      await killAndStart()
      const digest = digestOf(content, algorithm)
      await expectCreated(client(), repository, await client().send('PUT', withQuery(location, { digest })), content, digest)
      await deleteBlob(client(), repository, digest)
    })

    test('notices the wrong digest, also of bytes that another process took', async () => {
      const [repository, content] = [freshRepository(), freshBytes(6 * size)]
      const location = await sendChunk(await client().startUpload(repository), content, 0)
      await killAndStart()
      const put = withQuery(location, { digest: digestOf(content) })
      expectError(await client().send('PUT', put), 400, 'DIGEST_INVALID')
    })

    test('loses nothing acknowledged when killed inside a chunk', async () => {
      const [repository, content] = [freshRepository(), freshBytes(6 * size)]
      const location = await sendChunk(await client().startUpload(repository), content, 0)
      const connection = await openRaw(server.url)
      connection.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${5 * size}\r\n\r\n`)
      connection.write(content.slice(size, 3 * size))
      await client().send('GET', '/v2/')
      await killAndStart()
      connection.reset()
      const at = Number((await rangeOf(location))?.split('-')[1]) + 1
      expect(at).toBe(size)
      const digest = digestOf(content)
      const headers = { 'content-range': `${at}-${content.length - 1}` }
      const answer = await client().send('PUT', withQuery(location, { digest }), { headers, body: content.slice(at) })
      await expectCreated(client(), repository, answer, content, digest)
    })
  })

  test('what was answered with 201 is there', async () => {
    const [repository, builder] = [freshRepository(), createBuilder()]
    builder.image({ layers: [builder.layer(), builder.blob(freshBytes(500_000), types.gzipLayer)] })
    for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
    await killAndStart()
    const text = builder.set.manifests[0]?.text ?? ''
    await client().putManifest(repository, 'kept', text, types.manifest)
    await killAndStart()
    expect(textOf(await client().send('GET', `/v2/${repository}/manifests/kept`))).toBe(text)
    for (const blob of builder.set.blobs) {
      const answer = await client().send('GET', `/v2/${repository}/blobs/${digestOf(blob)}`)
      expect(digestOf(answer.bytes)).toBe(digestOf(blob))
    }
    expect((await client().send('DELETE', `/v2/${repository}/manifests/kept`)).status).toBe(202)
    await killAndStart()
    expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: [] })
  })
})
