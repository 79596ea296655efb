import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../../../conformance/clients/describe-tools.ts'
import { plainCache } from '../../../conformance/nginx/plain-cache.ts'
import { startNginx, type Nginx } from '../../../conformance/nginx/start-nginx.ts'
import { privateAccess } from '../../../src/http/gate.testing.ts'
import { listen, type Listener } from '../../../src/http/index.ts'
import { createTestHttp } from '../../../src/http/test-http.testing.ts'
import { digestBytes, mediaTypes } from '../../../src/oci/index.ts'

setDefaultTimeout(180_000)

const authorization = `Basic ${btoa('user:password')}`
const manifest = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}')
const [manifestDigest, layer] = [digestBytes(manifest, 'sha256'), crypto.getRandomValues(new Uint8Array(50_000))]
const layerDigest = digestBytes(layer, 'sha256')
const places = [
  '/v2/',
  '/v2/_catalog',
  '/v2/team/app/tags/list',
  '/v2/team/app/manifests/1.4',
  `/v2/team/app/manifests/${manifestDigest}`,
  `/v2/team/app/blobs/${layerDigest}`,
  `/v2/team/app/referrers/${manifestDigest}`,
]

/**
 * A registry where not everybody may pull, with a login before it that stands for the one Berth does not have yet. Its headers are
 * those of the HTTP layer when it is told so.
 */
function startPrivateRegistry(): Listener {
  const t = createTestHttp({ access: privateAccess })
  const { blobs, manifests, tags } = t.fake.repository('team/app')
  blobs.set(layerDigest, layer)
  manifests.set(manifestDigest, { digest: manifestDigest, mediaType: mediaTypes.ociIndex, size: manifest.length, bytes: manifest })
  tags.set('1.4', manifestDigest)
  const refusal = () => new Response('', { status: 401, headers: { 'cache-control': 'no-store', 'www-authenticate': 'Basic realm="x"' } })
  return listen({
    hostname: '127.0.0.1',
    port: 0,
    logger: t.logger,
    fetch: (request, ...rest) => {
      if (request.headers.get('authorization') !== authorization) return Promise.resolve(refusal())
      return t.http.fetch(request, ...rest)
    },
  })
}

const configurations = [
  ['the sample with a cache', 'berth-cache.conf', undefined],
  ['a proxy where everything is to be kept for an hour', 'berth.conf', plainCache],
] as const

describeTools(['nginx', 'openssl'], () => {
  describe.each(configurations)('content that not everybody may pull, behind %s', (_, sample, change) => {
    let registry: Listener
    let nginx: Nginx
    beforeAll(async () => {
      registry = startPrivateRegistry()
      nginx = await startNginx(sample, registry.url, change)
    })
    afterAll(async () => {
      await nginx?.stop()
      await registry?.stop(0)
    })

    test('is given to nobody without a login, after whoever had it', async () => {
      for (const path of places) {
        for (const method of ['GET', 'HEAD']) {
          for (const range of [undefined, 'bytes=0-9']) {
            const headers: Record<string, string> = range === undefined ? {} : { range }
            for (let round = 0; round < 2; round++) {
              const allowed = await nginx.ask(method, path, { headers: { ...headers, authorization } })
              expect([200, 206]).toContain(allowed.status)
              await allowed.bytes()
              for (const wrong of [headers, { ...headers, authorization: 'Basic eDp5' }]) {
                const refused = await nginx.ask(method, path, { headers: wrong })
                expect([path, refused.status, await refused.text()]).toEqual([path, 401, ''])
              }
            }
          }
        }
      }
    })

    test('and nothing of it is on the disk of the proxy', () => {
      const folder = join(nginx.folder, 'cache')
      const kept = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile()) : []
      expect(kept.map(({ name }) => name)).toEqual([])
    })
  })
})
