import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { digestOf } from '../digest.ts'
import { faults } from '../for-each-server.ts'
import { createClient, type Client } from '../oci/client.ts'
import { freshBytes, freshRepository, types } from '../oci/content.ts'
import type { Run } from '../program/report.ts'
import { runProgram } from '../run-program.ts'
import { startServer, type Server } from '../server.ts'
import { plainCache } from './plain-cache.ts'
import { startNginx, type Nginx } from './start-nginx.ts'

setDefaultTimeout(120_000)

const configurations: readonly [name: string, sample: string, change?: (sample: string) => string][] = [
  ['the sample with a cache', 'berth-cache.conf'],
  ['a proxy where everything is to be kept for an hour', 'berth.conf', plainCache],
]

/** An index of nothing, different every time. */
const manifestText = () => JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [], annotations: { id: crypto.randomUUID() } })

const statusOf = (answer: Response) => answer.headers.get('x-cache-status')

describeTools(['nginx', 'openssl'], () => {
  describe.each(configurations)('%s', (name, sample, change) => {
    let server: Server
    let nginx: Nginx
    let direct: Client

    beforeAll(async () => {
      server = await startServer()
      nginx = await startNginx(sample, server.url, change)
      direct = createClient(server.url)
    })
    afterAll(async () => {
      await nginx?.stop()
      expect([await server.stop(), faults(server)]).toEqual([0, []])
      expect(nginx.output().split('\n').filter((line) => /\[(error|crit|alert|emerg)\]/.test(line))).toEqual([])
    })

    const get = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await nginx.ask('GET', path, { headers })
      return { status: answer.status, cache: statusOf(answer), bytes: Buffer.from(await answer.bytes()), headers: answer.headers }
    }
    const textOf = async (path: string) => new TextDecoder().decode((await get(path)).bytes)

    test('a tag that was moved is never the old one', async () => {
      const repository = freshRepository()
      const path = `/v2/${repository}/manifests/latest`
      for (let round = 0; round < 5; round++) {
        const text = manifestText()
        const digest = await direct.putManifest(repository, 'latest', text, types.index)
        for (const method of ['HEAD', 'GET', 'GET']) {
          const answer = await nginx.ask(method, path)
          expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([200, digest])
          expect(statusOf(answer)).not.toBe('HIT')
          if (method === 'GET') expect(await answer.text()).toBe(text)
        }
      }
      await direct.send('DELETE', path)
      expect((await get(path)).status).toBe(404)
    })

    test('what was not there is found once it is pushed', async () => {
      const repository = freshRepository()
      const [text, bytes] = [manifestText(), freshBytes(5000)]
      const places = [`manifests/${digestOf(text)}`, 'manifests/new', `blobs/${digestOf(bytes)}`].map((place) => `/v2/${repository}/${place}`)
      for (const path of [...places, `/v2/${repository}/tags/list`]) expect((await get(path)).status).toBe(404)
      await direct.pushBlob(repository, bytes)
      await direct.putManifest(repository, 'new', text, types.index)
      for (const path of places) expect((await get(path)).status).toBe(200)
      expect(await textOf(`/v2/${repository}/tags/list`)).toContain('"new"')
    })

    test('lists are as new as in Berth', async () => {
      const repository = freshRepository()
      const subject = { mediaType: types.index, digest: digestOf('nothing'), size: 7 }
      const paths = { tags: `/v2/${repository}/tags/list`, catalog: '/v2/_catalog?n=1000', referrers: `/v2/${repository}/referrers/${subject.digest}` }
      for (let round = 0; round < 3; round++) {
        const text = JSON.stringify({ ...(JSON.parse(manifestText()) as object), subject })
        const digest = await direct.putManifest(repository, `t${round}`, text, types.index)
        expect(await textOf(paths.tags)).toContain(`"t${round}"`)
        expect(await textOf(paths.referrers)).toContain(digest)
        expect(await textOf(paths.catalog)).toContain(repository)
      }
    })

    test('what a digest names comes from the cache, to everybody whole and in parts', async () => {
      const repository = freshRepository()
      const [text, bytes] = [manifestText(), freshBytes(3_000_000)]
      const manifest = `/v2/${repository}/manifests/${await direct.putManifest(repository, 'a', text, types.index)}`
      const blob = `/v2/${repository}/blobs/${await direct.pushBlob(repository, bytes)}`
      for (const [path, content] of [[manifest, Buffer.from(text)], [blob, bytes]] as const) {
        for (const cache of ['MISS', 'HIT', 'HIT']) {
          const answer = await get(path)
          expect([answer.status, answer.cache, answer.bytes.equals(content)]).toEqual([200, cache, true])
        }
        const unchanged = await get(path, { 'if-none-match': `"${digestOf(content)}"` })
        expect([unchanged.status, unchanged.bytes.length]).toEqual([304, 0])
        const head = await nginx.ask('HEAD', path)
        expect([head.status, head.headers.get('content-length')]).toEqual([200, String(content.length)])
      }
      expect((await get(manifest)).headers.get('content-type')).toBe(types.index)
    })

    test('a range is those bytes, before the whole is in the cache and after', async () => {
      const bytes = freshBytes(3_000_000)
      const path = `/v2/x/ranges/blobs/${await direct.pushBlob('x/ranges', bytes)}`
      const expectParts = async () => {
        for (const [start, end] of [[0, 0], [1000, 2_500_000], [2_999_999, 2_999_999]] as const) {
          const part = await get(path, { range: `bytes=${start}-${end}` })
          expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/3000000`])
          expect(part.bytes.equals(bytes.subarray(start, end + 1))).toBe(true)
        }
      }
      await expectParts()
      for (let round = 0; round < 2; round++) expect((await get(path)).bytes.equals(bytes)).toBe(true)
      await expectParts()
      expect((await get(path, { range: 'bytes=3000000-' })).status).toBe(416)
    })

    test('a HEAD that came first is no GET without a body', async () => {
      const bytes = freshBytes(50_000)
      const path = `/v2/x/head/blobs/${await direct.pushBlob('x/head', bytes)}`
      expect((await nginx.ask('HEAD', path)).headers.get('content-length')).toBe('50000')
      expect((await get(path)).bytes.equals(bytes)).toBe(true)
    })

    test('a pull that breaks off leaves no part of a blob behind', async () => {
      const bytes = freshBytes(20_000_000)
      const path = `/v2/x/broken/blobs/${await direct.pushBlob('x/broken', bytes)}`
      for (let round = 0; round < 3; round++) {
        const broken = await nginx.ask('GET', path)
        await broken.body?.getReader().cancel()
        expect((await get(path)).bytes.equals(bytes)).toBe(true)
      }
    })

    test('an upload is never answered from the cache', async () => {
      const repository = freshRepository()
      const begun = await nginx.ask('POST', `/v2/${repository}/blobs/uploads/`)
      const location = begun.headers.get('location') ?? ''
      for (const [position, chunk] of [['0-2', 'abc'], ['0-5', 'def']] as const) {
        expect((await nginx.ask('PATCH', location, { body: chunk })).status).toBe(202)
        for (let round = 0; round < 2; round++) expect((await get(location)).headers.get('range')).toBe(position)
      }
    })

    if (sample === 'berth-cache.conf') {
      test('whether something is there only Berth says: a push after a delete brings it anew', async () => {
        const repository = freshRepository()
        const bytes = freshBytes(5000)
        const path = `/v2/${repository}/blobs/${await direct.pushBlob(repository, bytes)}`
        for (let round = 0; round < 2; round++) await get(path)
        await direct.send('DELETE', path)
        expect((await nginx.ask('HEAD', path)).status).toBe(404)
        // The price of a cache, which the sample states.
        const kept = await get(path)
        expect([kept.status, kept.cache]).toEqual([200, 'HIT'])
        await direct.pushBlob(repository, bytes)
        expect((await nginx.ask('HEAD', path)).status).toBe(200)
      })

      test('each answer from the cache has an id of its own', async () => {
        const path = `/v2/x/ids/blobs/${await direct.pushBlob('x/ids', freshBytes(100))}`
        const ids = [await get(path), await get(path), await get(path)].map(({ headers }) => headers.get('x-request-id'))
        expect([ids.every((id) => /^[\da-f]{32}$/.test(id ?? '')), new Set(ids).size]).toEqual([true, 3])
      })

      test('what clients rely on holds through it, but for the hour after a delete', async () => {
        const report = join(nginx.folder, 'report.json')
        const command = [process.execPath, join(import.meta.dir, '../main.ts'), nginx.url, '--report', report]
        await runProgram(command, { env: { NODE_EXTRA_CA_CERTS: nginx.certificateFile } })
        const { results } = JSON.parse(readFileSync(report, 'utf8')) as Run
        const wrong = results.filter(({ outcome, level }) => outcome === 'failed' && level !== 'berth')
        const pulledAfterDelete = ({ check, reason = '' }: (typeof results)[number]) => {
          return /^(data-sets|deletes|blob-push|blob-life)\//.test(check) && /Expected: 404\s+Received: 200/.test(reason)
        }
        expect(wrong.filter((result) => !pulledAfterDelete(result)).map(({ check, reason }) => [check, reason])).toEqual([])
        expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(100)
      })
    }

    test('no entry is good for more than an hour', async () => {
      const path = `/v2/x/hour/blobs/${await direct.pushBlob('x/hour', freshBytes(100))}`
      for (const cache of ['MISS', 'HIT']) expect((await get(path)).cache).toBe(cache)
      const folder = join(nginx.folder, 'cache')
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
      expect(files.length).toBeGreaterThan(0)
      const now = Date.now() / 1000
      for (const { parentPath, name } of files) {
        // How an entry begins: the version of the format, then the second in which it ends.
        const ends = Number(readFileSync(join(parentPath, name)).readBigInt64LE(8))
        expect([ends > now, ends <= now + 3601]).toEqual([true, true])
      }
    })
  })
})
