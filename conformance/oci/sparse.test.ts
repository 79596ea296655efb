import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { until } from '../until.ts'
import { createClient, textOf } from './client.ts'
import { freshBytes, freshRepository, types } from './content.ts'
import { createBuilder } from './data-sets.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(180_000)

describe.each(['index', 'all'] as const)('with push.sparse=%s', (sparse) => {
  forEachServer('a manifest whose children are not all here', (server) => {
    const client = () => createClient(server().url)
    const put = (repository: string, tag: string, text: string, type: string) =>
      client().send('PUT', `/v2/${repository}/manifests/${tag}`, { headers: { 'content-type': type }, body: text })

    test('an index goes before its images, which come later one by one', async () => {
      const [repository, builder] = [freshRepository(), createBuilder()]
      const images = [builder.image(), builder.image()]
      builder.manifest({ manifests: images }, types.index)
      const index = builder.set.manifests.at(-1)?.text ?? ''
      const first = await put(repository, 'v1', index, types.index)
      expect([first.status, first.headers.get('warning')?.startsWith('299 - "2 things')]).toEqual([201, true])
      for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
      const [one] = builder.set.manifests
      await client().putManifest(repository, one?.digest ?? '', one?.text ?? '', types.manifest)
      expect((await put(repository, 'v1', index, types.index)).headers.get('warning')?.startsWith('299 - "1 thing that')).toBe(true)
      expect(textOf(await client().send('GET', `/v2/${repository}/manifests/v1`))).toBe(index)
      expect((await client().send('GET', `/v2/${repository}/manifests/${images[0]?.digest}`)).status).toBe(200)
      expectError(await client().send('GET', `/v2/${repository}/manifests/${images[1]?.digest}`), 404, 'MANIFEST_UNKNOWN')
    })

    test('an image without its layer', async () => {
      const [repository, builder, layer] = [freshRepository(), createBuilder(), freshBytes(50_000)]
      const digest = digestOf(layer)
      builder.manifest({ config: builder.config(), layers: [{ mediaType: types.layer, digest, size: layer.length }] }, types.manifest)
      await client().pushBlob(repository, builder.set.blobs[0] ?? '')
      const answer = await put(repository, 'v1', builder.set.manifests[0]?.text ?? '', types.manifest)
      if (sparse === 'index') return expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
      expect(answer.status).toBe(201)
      expectError(await client().send('GET', `/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      await client().pushBlob(repository, layer)
      expect((await client().send('GET', `/v2/${repository}/blobs/${digest}`)).status).toBe(200)
    })
  }, { env: { BERTH_PUSH_SPARSE: sparse } })
})

describe('a layer that comes after its manifest', () => {
  forEachServer('with a lease of one second', (server) => {
    test('is kept for it when its lease is over', async () => {
      const client = createClient(server().url)
      const [repository, builder, layer] = [freshRepository(), createBuilder(), freshBytes(50_000)]
      const digest = digestOf(layer)
      builder.manifest({ config: builder.config(), layers: [{ mediaType: types.layer, digest, size: layer.length }] }, types.manifest)
      await client.pushBlob(repository, builder.set.blobs[0] ?? '')
      await client.putManifest(repository, 'v1', builder.set.manifests[0]?.text ?? '', types.manifest)
      await client.pushBlob(repository, layer)
      const alone = await client.pushBlob(repository, freshBytes(50_000))
      // GET alone: HEAD would renew the lease.
      const status = async (of: string) => (await client.send('GET', `/v2/${repository}/blobs/${of}`)).status
      await until('a blob that nothing refers to is collected', async () => (await status(alone)) === 404)
      expect(await status(digest)).toBe(200)
    })
  }, { env: { BERTH_PUSH_SPARSE: 'all', BERTH_GC_LEASE: '1s', BERTH_GC_INTERVAL: '100ms' } })
})
