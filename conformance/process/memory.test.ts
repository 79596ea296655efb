import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient, locationOf, withQuery } from '../oci/client.ts'
import { freshBytes, freshRepository, types } from '../oci/content.ts'
import { measureMemory } from './memory.ts'
import { openSlowReader, sendAll } from './stubborn-client.ts'

setDefaultTimeout(120_000)

const MiB = 1024 ** 2
const huge = 300 * MiB
/** What a body of any length may cost at most. What is streamed leaves garbage that is collected in the runtime's own time. */
const bound = 64 * MiB
const streamedBound = 96 * MiB

/** A body that never exists as a whole; one block over and over. */
function endless(size: number, block = freshBytes(256 * 1024)): ReadableStream<Uint8Array> {
  let left = size
  return new ReadableStream({
    pull(controller) {
      if (left > 0) controller.enqueue(block.slice(0, Math.min(left, block.length)))
      else controller.close()
      left -= block.length
    },
  })
}

const statusesOf = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

describe.skipIf(process.platform !== 'linux')('memory (elsewhere than on Linux there is no /proc to read it from)', () => {
  forEachServer('stays flat', (server) => {
    const client = () => createClient(server().url)

    /** Bytes of memory that the server takes more than before while `work` runs. */
    const grows = async (work: () => Promise<void>): Promise<number> => {
      const { before, peak } = await measureMemory(server().pid, work)
      return peak - before
    }

    test.each(['huge', `${digestOf('')}?tag=a`])('while 300 MB are sent as the manifest %s', async (reference) => {
      const head = `PUT /v2/${freshRepository()}/manifests/${reference} HTTP/1.1\r\nContent-Type: ${types.index}`
      const grown = await grows(async () => {
        const { answers, sent } = await sendAll(server().url, head, huge)
        expect([statusesOf(answers), sent]).toEqual([[413, 200], huge])
        expect(answers).toContain('"code":"MANIFEST_INVALID"')
      })
      expect(grown).toBeLessThan(bound)
    })

    test('while 2 MB come in a million chunks, to a manifest and to a blob', async () => {
      const repository = freshRepository()
      const upload = await client().startUpload(repository)
      const heads: [head: string, status: number][] = [
        [`PUT /v2/${repository}/manifests/tiny HTTP/1.1`, 400],
        [`PATCH ${upload} HTTP/1.1`, 202],
      ]
      for (const [head, status] of heads) {
        const grown = await grows(async () => {
          const { answers } = await sendAll(server().url, head, 2 * MiB, 2)
          expect(statusesOf(answers)).toEqual([status, 200])
        })
        expect(grown).toBeLessThan(bound)
      }
    })

    test('while 300 MB of a blob come in and go out', async () => {
      const repository = freshRepository()
      const block = freshBytes(256 * 1024)
      const hasher = new Bun.CryptoHasher('sha256')
      for (let at = 0; at < huge; at += block.length) hasher.update(block)
      const digest = `sha256:${hasher.digest('hex')}`
      const pushed = await grows(async () => {
        const answer = await client().send('PATCH', await client().startUpload(repository), { body: endless(huge, block) })
        expect([answer.status, answer.headers.get('range')]).toEqual([202, `0-${huge - 1}`])
        expect((await client().send('PUT', withQuery(locationOf(answer), { digest }))).status).toBe(201)
      })
      expect(pushed).toBeLessThan(streamedBound)
      const pulled = await grows(async () => {
        const response = await fetch(`${server().url}/v2/${repository}/blobs/${digest}`)
        const received = new Bun.CryptoHasher('sha256')
        for await (const chunk of response.body ?? []) received.update(chunk)
        expect(`sha256:${received.digest('hex')}`).toBe(digest)
      })
      expect(pulled).toBeLessThan(streamedBound)
    })

    test('while 300 MB are sent to what does not exist or does not take them', async () => {
      const repository = freshRepository()
      const upload = `/v2/${repository}/blobs/uploads/${crypto.randomUUID()}`
      const heads: [head: string, status: number][] = [
        [`PATCH ${upload} HTTP/1.1`, 404],
        [`PUT ${upload}?digest=${digestOf('')} HTTP/1.1`, 404],
        [`POST /v2/Not-A-Name/blobs/uploads/?digest=${digestOf('')} HTTP/1.1`, 400],
        ['POST /v2/ HTTP/1.1', 405],
      ]
      for (const [head, status] of heads) {
        const grown = await grows(async () => {
          const { answers, sent } = await sendAll(server().url, head, huge / 4)
          expect([statusesOf(answers), sent]).toEqual([[status, 200], huge / 4])
        })
        expect(grown).toBeLessThan(bound)
      }
    })

    test('while readers of a large blob stand still', async () => {
      const repository = freshRepository()
      const digest = await client().pushBlob(repository, freshBytes(100 * MiB))
      const grown = await grows(async () => {
        const path = `/v2/${repository}/blobs/${digest}`
        const readers = await Promise.all(Array.from({ length: 20 }, () => openSlowReader(server().url, path)))
        // Another one gets all of it meanwhile.
        expect(digestOf((await client().send('GET', path)).bytes)).toBe(digest)
        for (const reader of readers) reader.destroy()
      })
      expect(grown).toBeLessThan(bound)
    })
  })
})
