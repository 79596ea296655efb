import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { mediaTypes } from '../oci/index.ts'
import { anonymous, byTag, createTestRegistry, pushBlob, pushManifest, repository, type TestRegistry } from './test-registry.testing.ts'

forEachDatabase('a manifest that was pushed as a blob before', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test('is served from its row when the object is damaged', async () => {
    const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], annotations: { x: 'x'.repeat(50_000) } }
    const digest = await pushBlob(t.registry, 'a', JSON.stringify(document))
    expect(await pushManifest(t.registry, 'a', byTag('t'), document)).toBe(digest)
    const sql = 'select id, key from object'
    const object = await t.database.one<{ id: string; key: string }>({ name: 'object', sqlite: sql, postgres: sql })
    await t.store.delete(object!.id, object!.key)
    const blob = async () => await t.registry.pull.blob(anonymous, repository('a'), digest)
    await expect((await blob()).open()).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    const opened = await (await blob()).open()
    if (opened.kind !== 'bytes') throw new Error(`served from ${opened.kind}`)
    expect(new TextDecoder().decode(opened.bytes)).toBe(JSON.stringify(document))
  })
})
