import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { anonymous, pushBlob, repository } from '../../registry/test-registry.testing.ts'
import { createTestIntegrity, layerOf, type TestIntegrity } from './integrity.testing.ts'

forEachDatabase('a check of everything', (kind) => {
  let t: TestIntegrity
  beforeEach(async () => {
    t = await createTestIntegrity(kind)
  })
  afterEach(() => t.dispose())

  test('finds nothing in an empty registry, nor in a whole one', async () => {
    expect(await t.check({ deep: true })).toMatchObject({ findings: 0 })
    await t.pushImage('team/app', 'v1')
    await t.pushImage('team/base', 'v1', layerOf(2))
    const { id } = await t.registry.uploads.begin(anonymous, repository('team/app'))
    const stream = new Response(layerOf(3) as Uint8Array<ArrayBuffer>).body
    await t.registry.uploads.append(anonymous, repository('team/app'), id, { stream, length: 50_000, range: undefined })
    const checked = await t.check({ deep: true })
    expect(checked.list).toEqual([])
    expect(checked.looked).toMatchObject({ objects: 3, contents: 4, blobs: 6, links: 4, manifests: 2, references: 4, tags: 2, uploads: 3, files: 3 })
    expect(checked.bytes).toBeGreaterThan(150_000)
    // Of objects and uploads the size is enough, unless every byte was asked for.
    expect((await t.check()).bytes).toBeLessThan(10_000)
  })

  test('finds an upload whose file was cut off, without reading the rest of it', async () => {
    const { id } = await t.registry.uploads.begin(anonymous, repository('team/app'))
    const stream = new Response(layerOf(3) as Uint8Array<ArrayBuffer>).body
    await t.registry.uploads.append(anonymous, repository('team/app'), id, { stream, length: 50_000, range: undefined })
    const [object] = (await t.store.list()).objects
    if (object === undefined) throw new Error('no object')
    await (await t.store.resume(object.id, 49_999)).close()
    for (const deep of [false, true]) expect((await t.check({ deep })).codes).toEqual(['upload-bytes-missing'])
  })

  test('names a missing object, the repositories that have it, and the tags that lead to it', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    await t.pushImage('team/other', 'v2')
    const object = await t.objectOf(layer)
    await t.store.delete(object.id, object.key)
    expect((await t.check()).list).toMatchObject([
      {
        fate: 'kept',
        finding: {
          code: 'object-missing',
          subject: { object: object.id, file: object.key, digest: layer },
          affected: [
            { repository: 'team/app', tags: ['v1'] },
            { repository: 'team/other', tags: ['v2'] },
          ],
          more: false,
        },
      },
    ])
  })

  test('finds by size what was cut off or grew, and by hash what was changed', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    const object = await t.objectOf(layer)
    await t.replaceBytes(object, layerOf(1).subarray(0, 49_999))
    expect((await t.check()).list).toMatchObject([{ finding: { code: 'object-truncated', detail: '49999 of 50000 bytes' } }])
    await t.replaceBytes(object, new Uint8Array(0))
    expect((await t.check()).codes).toEqual(['object-truncated'])
    await t.replaceBytes(object, layerOf(1, 50_001))
    expect((await t.check()).codes).toEqual(['object-too-long'])
    await t.replaceBytes(object, layerOf(2))
    expect((await t.check()).codes).toEqual([])
    expect((await t.check({ deep: true })).codes).toEqual(['object-corrupt'])
  })

  test('a repair marks what is damaged, so that it counts as missing until it is pushed again', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    await t.replaceBytes(await t.objectOf(layer), layerOf(2))
    const { repair } = t
    expect((await t.check({ deep: true, repair })).list).toMatchObject([{ fate: 'repaired', finding: { code: 'object-corrupt' } }])
    await expect(t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    expect((await t.check({ repair })).list).toMatchObject([{ fate: 'kept', finding: { code: 'object-damaged' } }])
    await pushBlob(t.registry, 'team/other', layerOf(1))
    expect((await t.check({ deep: true })).codes).toEqual([])
    expect(await t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).toMatchObject({ size: 50_000 })
  })
})
