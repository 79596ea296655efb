import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { forEachDatabase } from '../for-each-server.ts'
import { createClient, streamOf, withQuery } from '../oci/client.ts'
import { freshBytes, freshRepository, types } from '../oci/content.ts'
import { openRaw } from '../oci/raw-exchange.ts'
import { startServer } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

setDefaultTimeout(180_000)

/** The files of the data folder that hold what clients sent. */
function contentFiles(data: string): string[] {
  const folders = ['blobs', 'uploads'].map((name) => join(data, name)).filter((path) => existsSync(path))
  const entries = folders.flatMap((path) => readdirSync(path, { recursive: true, withFileTypes: true }))
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Sends what has to be refused, cancelled or broken off, in every way in which bytes reach the disk. */
async function sendRubbish(url: string, repository: string): Promise<void> {
  const client = createClient(url)
  const content = freshBytes(300_000)
  const wrong = digestOf('something else')
  const statuses: number[] = []
  const send = async (...request: Parameters<typeof client.send>) => void statuses.push((await client.send(...request)).status)
  for (const body of [content, content.slice(0, 1000)]) {
    await send('POST', withQuery(`/v2/${repository}/blobs/uploads/`, { digest: wrong }), { body })
    await send('PUT', withQuery(await client.startUpload(repository), { digest: wrong }), { body: streamOf(body, 9000) })
    const session = await client.startUpload(repository)
    expect((await client.send('PATCH', session, { body })).status).toBe(202)
    await send('PUT', withQuery(session, { digest: wrong }))
    const cancelled = await client.startUpload(repository)
    expect((await client.send('PATCH', cancelled, { body })).status).toBe(202)
    expect((await client.send('DELETE', cancelled)).status).toBe(204)
    const tooLong = { headers: { 'content-range': '0-9' }, body }
    const short = await client.startUpload(repository)
    await send('PATCH', short, tooLong)
    await send('PUT', withQuery(short, { digest: digestOf(body) }), tooLong)
  }
  const headers = { 'content-type': types.index }
  await send('PUT', `/v2/${repository}/manifests/large`, { headers, body: freshBytes(5_000_000) })
  await send('PUT', `/v2/${repository}/manifests/rubbish`, { headers, body: 'rubbish' })
  expect(statuses.filter((status) => status < 400 || status >= 500)).toEqual([])
  await breakOff(url, `PATCH ${await client.startUpload(repository)}`, content)
  await breakOff(url, `PUT ${withQuery(await client.startUpload(repository), { digest: digestOf(content) })}`, content)
  await breakOff(url, `POST /v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`, content)
}

async function breakOff(url: string, line: string, content: Uint8Array): Promise<void> {
  const connection = await openRaw(url)
  connection.write(`${line} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length * 2}\r\n\r\n`)
  connection.write(content)
  await fetch(`${url}/v2/`)
  connection.reset()
}

forEachDatabase('what was refused, cancelled or broken off', (kind) => {
  test('leaves no file once it is collected, and everything else stays', async () => {
    const folder = temporaryFolder()
    const database = await kind.create()
    // Collection runs when a server starts; nothing here has to wait for readers.
    const env = { ...database.env, BERTH_GC_DRAIN: '0s', BERTH_UPLOADS_EXPIRY: '5s' }
    let server = await startServer({ data: folder.path, env })
    try {
      const repository = freshRepository()
      const kept = [await createClient(server.url).pushBlob(repository, freshBytes(200_000))]
      await sendRubbish(server.url, repository)
      const resumed = freshBytes(300_000)
      const location = await createClient(server.url).startUpload(repository)
      expect((await createClient(server.url).send('PATCH', location, { body: resumed.slice(0, 100_000) })).status).toBe(202)
      await server.kill9()
      // What the next process takes up it goes on with in a file of its own.
      server = await startServer({ data: folder.path, env })
      kept.push(digestOf(resumed))
      const put = withQuery(location, { digest: digestOf(resumed) })
      expect((await createClient(server.url).send('PUT', put, { body: resumed.slice(100_000) })).status).toBe(201)
      await until('the files are gone', async () => {
        expect(await server.stop()).toBe(0)
        server = await startServer({ data: folder.path, env })
        return contentFiles(folder.path).length <= kept.length
      })
      for (const digest of kept) {
        const answer = await createClient(server.url).send('GET', `/v2/${repository}/blobs/${digest}`)
        expect(digestOf(answer.bytes)).toBe(digest)
        expect(contentFiles(folder.path).join(' ')).toContain(digest.slice('sha256:'.length))
      }
    } finally {
      await server.stop()
      await database.drop()
      folder.remove()
    }
  })
})
