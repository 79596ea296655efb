import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { faults } from '../for-each-server.ts'
import { createClient, locationOf, withQuery } from '../oci/client.ts'
import { freshBytes, types } from '../oci/content.ts'
import { openRaw, type RawConnection } from '../oci/raw-exchange.ts'
import { measureMemory } from '../process/memory.ts'
import { type Server, startServer } from '../server.ts'
import { until } from '../until.ts'
import { host, requestLine } from './hostile-case.ts'

setDefaultTimeout(180_000)

const MiB = 1024 ** 2
/** What the runtime may keep of a crowd that has gone; what it leaves is collected in its own time. */
const bound = 64 * MiB

/** Files of uploads that have not ended. */
function unfinished(data: string): number {
  const folder = join(data, 'uploads')
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

/** One after another in each of ten lanes. */
async function inLanes(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: 10 }, lane))
}

const settings = { BERTH_GC_INTERVAL: '200ms', BERTH_GC_DRAIN: '0s', BERTH_UPLOADS_EXPIRY: '4s' }

describe.skipIf(process.platform !== 'linux')('crowds (elsewhere than on Linux there is no /proc to read memory from)', () => {
  describe('a crowd of', () => {
    let server: Server
    beforeAll(async () => {
      server = await startServer({ env: settings })
    }, 180_000)
    afterAll(async () => {
      expect(await server.stop()).toBe(0)
      expect(faults(server)).toEqual([])
    }, 180_000)
    const client = () => createClient(server.url)

    /** Bytes of memory that the server takes more than before, while `work` runs. */
    const grows = async (work: () => Promise<void>): Promise<number> => {
      const { before, peak } = await measureMemory(server.pid, work)
      return peak - before
    }

    const stillServes = async (): Promise<void> => {
      const content = freshBytes(100_000)
      const digest = await client().pushBlob('crowds/control', content)
      expect(digestOf((await client().send('GET', `/v2/crowds/control/blobs/${digest}`)).bytes)).toBe(digest)
    }

    test('200 uploads broken off leaves no file and no memory', async () => {
      const block = freshBytes(200_000)
      const breakOff = (): Promise<void> =>
        inLanes(200, async () => {
          const connection = await openRaw(server.url)
          const location = await client().startUpload('crowds')
          connection.write(requestLine('PATCH', location, `Content-Length: ${block.length * 2}\r\n`))
          connection.write(block)
          await client().send('GET', '/v2/')
          connection.reset()
        })
      // The first time a server compiles, and takes what buffers it keeps anyway.
      await breakOff()
      const grown = await grows(breakOff)
      expect(grown).toBeLessThan(bound)
      await stillServes()
      await until('what they left is gone', () => unfinished(server.data) === 0, 60_000)
    })

    test('1,000 sessions left open leaves no file and no memory', async () => {
      const block = freshBytes(40_000)
      const locations: string[] = []
      const grown = await grows(() =>
        inLanes(1000, async () => {
          locations.push(locationOf(await client().send('PATCH', await client().startUpload('crowds'), { body: block })))
        }),
      )
      expect(grown).toBeLessThan(bound)
      // One of them goes on, as they all could.
      const location = await client().send('PATCH', await client().startUpload('crowds'), { body: block })
      expect((await client().send('PUT', withQuery(locationOf(location), { digest: digestOf(block) }))).status).toBe(201)
      await stillServes()
      await until('what they left is gone', () => unfinished(server.data) === 0, 60_000)
      expect((await client().send('GET', locations[0] ?? '')).status).toBe(404)
    })

    test('2,000 that send half a head does not keep others waiting', async () => {
      const crowd: RawConnection[] = []
      const grown = await grows(async () => {
        await inLanes(2000, async () => {
          const connection = await openRaw(server.url)
          connection.write(`GET /v2/ HTTP/1.1\r\n${host}X-A: `)
          crowd.push(connection)
        })
        for (let time = 0; time < 20; time++) await stillServes()
      })
      expect(grown).toBeLessThan(bound)
      // Without another byte they are let go, each without an answer.
      const ends = await Promise.all(crowd.map((connection) => connection.answer()))
      expect(new Set(ends)).toEqual(new Set(['']))
    })

    test('100 that ask and never read keeps nothing', async () => {
      const filler = JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { a: 'x'.repeat(4_000_000) } })
      await client().putManifest('crowds', 'large', filler, types.index)
      const asked = requestLine('GET', '/v2/crowds/manifests/large')
      const { hostname, port } = new URL(server.url)
      const sockets = Array.from({ length: 100 }, () => connect({ host: hostname, port: Number(port) }).pause())
      for (const socket of sockets) socket.on('error', () => undefined)
      const grown = await grows(async () => {
        // Each asks for 40 MB and takes none of it.
        for (const socket of sockets) socket.write(asked.repeat(10))
        for (let time = 0; time < 20; time++) await stillServes()
      })
      for (const socket of sockets) socket.destroy()
      expect(grown).toBeLessThan(bound)
    })

    test('100,000 requests on one connection that never reads keeps nothing', async () => {
      const { hostname, port } = new URL(server.url)
      const socket = connect({ host: hostname, port: Number(port) }).pause().on('error', () => undefined)
      const grown = await grows(async () => {
        socket.write(requestLine('GET', '/v2/crowds/manifests/none').repeat(100_000))
        for (let time = 0; time < 20; time++) await stillServes()
      })
      socket.destroy()
      // As many are answered as the kernel takes answers; what that leaves does not grow with the requests.
      expect(grown).toBeLessThan(2 * bound)
    })
  })
})
