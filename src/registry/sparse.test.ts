import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { digestBytes, mediaTypes, type Digest } from '../oci/index.ts'
import type { Registry } from './index.ts'
import {
  anonymous,
  byDigest,
  byTag,
  createTestRegistry,
  manifestOf,
  pushBlob,
  pushManifest,
  repository,
  settings,
  type TestRegistry,
} from './test-registry.testing.ts'

const name = 'team/app'
const layer = new Uint8Array(100_000).fill(7)
const [layerDigest, config] = [digestBytes(layer, 'sha256'), '{}']
const nowhere = `sha256:${'1'.repeat(64)}` as Digest

const layerOf = (digest: Digest) => ({ digest, size: 100_000 })
const indexOf = (digest: Digest, size = 5) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [{ mediaType: mediaTypes.ociManifest, digest, size }],
})

forEachDatabase('a manifest whose children are not all here', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  const putImage = async (registry: Registry, tag: string, digest: Digest = layerDigest) =>
    await pushManifest(registry, name, byTag(tag), manifestOf([layerOf(digest)], { digest: await pushBlob(registry, name, config), size: 2 }))
  const collectAll = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      t.clock.advance(settings.lease + settings.drain + 1)
      while ((await t.collector.collectDue(100)) > 0);
    }
  }
  const refused = { code: 'MANIFEST_BLOB_UNKNOWN' }

  test('is refused by default; an index alone, or everything, is let through where it is set', async () => {
    await expect(putImage(t.registry, 'v1')).rejects.toMatchObject(refused)
    await expect(pushManifest(t.registry, name, byTag('v1'), indexOf(nowhere))).rejects.toMatchObject(refused)
    const [index, all] = [t.another({ sparse: 'index' }), t.another({ sparse: 'all' })]
    await expect(putImage(index, 'v1')).rejects.toMatchObject(refused)
    for (const registry of [index, all]) await pushManifest(registry, name, byTag('list'), indexOf(nowhere))
    await putImage(all, 'v1')
    expect(await t.registry.pull.statManifest(anonymous, repository(name), byTag('v1'))).toMatchObject({ mediaType: mediaTypes.ociManifest })
    await expect(t.registry.pull.statBlob(anonymous, repository(name), layerDigest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
  })

  test('tells how many are missing', async () => {
    const all = t.another({ sparse: 'all' })
    const bytes = (document: object) => new TextEncoder().encode(JSON.stringify(document))
    const put = async (document: object) =>
      (await all.push.manifest(anonymous, repository(name), byTag('v1'), { contentType: undefined, bytes: bytes(document), tags: [] })).absent
    const here = { digest: await pushBlob(all, name, config), size: 2 }
    const image = manifestOf([layerOf(layerDigest), layerOf(nowhere)], here)
    expect(await put(image)).toBe(2)
    await pushBlob(all, name, layer)
    expect(await put(image)).toBe(1)
    expect(await put(manifestOf([layerOf(layerDigest)], here))).toBe(0)
  })

  test('keeps what comes later, until it is deleted itself', async () => {
    const manifest = await putImage(t.another({ sparse: 'all' }), 'v1')
    await collectAll()
    await pushBlob(t.registry, name, layer)
    await collectAll()
    expect(await t.registry.pull.statBlob(anonymous, repository(name), layerDigest)).toEqual({ digest: layerDigest, size: 100_000 })
    await t.registry.deletes.manifest(anonymous, repository(name), byDigest(manifest))
    await collectAll()
    await expect(t.registry.pull.statBlob(anonymous, repository(name), layerDigest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    expect((await t.store.list()).objects).toEqual([])
  })

  test('keeps what is mounted later, and what a BuildKit cache lists where manifests stand', async () => {
    const all = t.another({ sparse: 'all' })
    await pushManifest(all, name, byTag('cache'), indexOf(layerDigest, 100_000))
    await pushBlob(t.registry, 'team/base', layer)
    expect(await t.registry.uploads.mount(anonymous, repository(name), layerDigest, repository('team/base'))).toBe(true)
    await collectAll()
    expect(await t.registry.pull.statBlob(anonymous, repository(name), layerDigest)).toMatchObject({ size: 100_000 })
  })

  test('counts a damaged layer as missing, and serves the one that is pushed in its place', async () => {
    const [all, before] = [t.another({ sparse: 'all' }), await pushBlob(t.registry, name, layer)]
    const [object] = (await t.store.list()).objects
    await t.store.delete(object?.id ?? '', t.store.finishedKey(object?.id ?? '', before))
    const blob = await t.registry.pull.blob(anonymous, repository(name), before)
    await expect(blob.open()).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    await expect(putImage(t.registry, 'v1')).rejects.toMatchObject(refused)
    await putImage(all, 'v1')
    await collectAll()
    await pushBlob(t.registry, name, layer)
    await collectAll()
    expect(await t.registry.pull.statBlob(anonymous, repository(name), layerDigest)).toMatchObject({ size: 100_000 })
  })
})
