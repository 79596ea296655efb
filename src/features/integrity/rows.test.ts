import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Digest } from '../../oci/index.ts'
import { dropContent, holdCollection, releaseCollection } from '../../registry/index.ts'
import { anonymous, bodyOf, byTag, manifestOf, pushBlob, pushManifest, repository, settings } from '../../registry/test-registry.testing.ts'
import { textOf, type FindingCode } from './index.ts'
import { createTestIntegrity, layerOf, type TestIntegrity } from './integrity.testing.ts'

forEachDatabase('rows that do not agree', (kind) => {
  let t: TestIntegrity
  beforeEach(async () => {
    t = await createTestIntegrity(kind)
  })
  afterEach(() => t.dispose())

  const oneByte = kind.dialect === 'sqlite' ? `x'07'` : `'\\x07'`
  const damageContents = () => t.alter(`update content set bytes = ${oneByte}`)
  const open = async (): Promise<string> => {
    const { id } = await t.registry.uploads.begin(anonymous, repository('team/app'))
    await t.registry.uploads.append(anonymous, repository('team/app'), id, bodyOf(layerOf(3)))
    return id.split('.', 1)[0] ?? ''
  }

  test('what the collector forgot is named, and queued again by a repair', async () => {
    await t.pushImage('team/app', 'v1')
    await pushBlob(t.registry, 'team/app', 'nobody needs it')
    await open()
    await t.registry.deletes.blob(anonymous, repository('team/app'), await pushBlob(t.registry, 'team/app', 'deleted'))
    await t.pushImage('team/app', 'v2', layerOf(2))
    await t.registry.deletes.manifest(anonymous, repository('team/app'), byTag('v2'))
    await t.alter('delete from gc_queue')
    await t.alter('delete from unnamed_manifest')
    const forgotten = ['object-not-queued', 'blob-not-queued', 'link-not-queued', 'manifest-not-noted', ...Array<string>(3).fill('upload-not-queued')]
    expect((await t.check()).codes).toEqual(forgotten)
    expect((await t.check({ repair: t.repair })).repaired).toBe(forgotten.length)
    expect((await t.check()).codes).toEqual([])
    t.clock.advance(settings.lease + settings.uploadExpiry + 1)
    for (let round = 0; round < 3; round++) {
      while ((await t.collector.collectDue(100)) > 0);
      t.clock.advance(settings.drain + 1)
    }
    expect((await t.check()).looked).toMatchObject({ objects: 2, uploads: 0, blobs: 5 })
  })

  test('bytes of a manifest or a small blob that changed count as missing, in every repository, until one push brings them back', async () => {
    const { manifest, config } = await t.pushImage('team/app', 'v1')
    await t.registry.uploads.mount(anonymous, repository('team/other'), config, repository('team/app'))
    await damageContents()
    const checked = await t.check()
    expect(checked.codes).toEqual(['content-corrupt', 'content-corrupt'])
    expect(checked.list.map(({ finding }) => finding.affected)).toEqual([
      [{ repository: 'team/app', tags: ['v1'] }, { repository: 'team/other', tags: [] }],
      [{ repository: 'team/app', tags: ['v1'] }],
    ])
    expect((await t.check({ repair: t.repair })).repaired).toBe(2)
    const again = t.another()
    for (const registry of [t.registry, again]) {
      await expect(registry.pull.statManifest(anonymous, repository('team/app'), byTag('v1'))).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
      await expect(registry.pull.statBlob(anonymous, repository('team/other'), config)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
    }
    expect((await t.check()).codes).toEqual(['blob-without-bytes', 'blob-without-bytes', 'manifest-without-bytes'])
    expect((await t.pushImage('team/app', 'v1')).manifest).toBe(manifest)
    expect((await t.check()).codes).toEqual([])
    expect(await again.pull.statBlob(anonymous, repository('team/other'), config)).toMatchObject({ digest: config })
  })

  test('a reader finds changed bytes itself, and a push heals what nobody had noticed', async () => {
    const { manifest, config } = await t.pushImage('team/app', 'v1')
    await damageContents()
    const fresh = t.another()
    await expect(fresh.pull.manifest(anonymous, repository('team/app'), byTag('v1'))).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
    const blob = await fresh.pull.blob(anonymous, repository('team/app'), config)
    await expect(blob.open()).rejects.toMatchObject({ code: 'BLOB_UNKNOWN', message: expect.stringContaining('push it again') })
    await t.pushImage('team/app', 'v1')
    expect((await t.check()).codes).toEqual([])
    await damageContents()
    expect((await t.pushImage('team/app', 'v1')).manifest).toBe(manifest)
    expect((await t.check()).codes).toEqual([])
    for (let blobId = 1; blobId <= 3; blobId++) expect(await t.database.transact(dropContent, { blobId })).toEqual({ ok: false })
  })

  test('a damaged object whose bytes are whole again is served again', async () => {
    const { layer } = await t.pushImage('team/app', 'v1')
    const object = await t.objectOf(layer)
    await t.replaceBytes(object, layerOf(2))
    await t.check({ deep: true, repair: t.repair })
    await t.replaceBytes(object, layerOf(1))
    expect((await t.check({ repair: t.repair })).list).toMatchObject([{ fate: 'repaired', finding: { code: 'object-whole-again' } }])
    expect(await t.registry.pull.statBlob(anonymous, repository('team/app'), layer)).toMatchObject({ size: 50_000 })
    expect((await t.check({ deep: true })).codes).toEqual([])
  })

  test('a file that no row knows is removed when it is old, and never by a database that may not be the newest', async () => {
    await t.pushImage('team/app', 'v1')
    const [unfinished, finished] = ['aa', 'bb']
    await (await t.store.begin(unfinished)).close()
    await t.replaceBytes({ id: finished, key: t.store.finishedKey(finished, `sha256:${'0'.repeat(64)}`) }, layerOf(4))
    const check = async () => (await t.check({ repair: t.repair })).list.map(({ finding, fate }) => `${finding.subject.object} ${finding.code} ${fate}`)
    const kept = ['aa file-unknown kept', 'bb file-unknown kept']
    expect(await check()).toEqual(kept)
    t.clock.advance(settings.uploadExpiry + 1)
    expect(await check()).toEqual(kept)
    await pushBlob(t.registry, 'team/app', 'the database knows of newer things')
    await t.database.transact(holdCollection, { name: 'rebuilt', until: null, reason: 'the index was rebuilt' })
    expect(await check()).toEqual(kept)
    await t.database.transact(releaseCollection, { name: 'rebuilt' })
    expect(await check()).toEqual(['aa file-unknown repaired', 'bb file-unknown repaired'])
    expect(await check()).toEqual([])
  })

  test.each<[FindingCode, string]>([
    ['object-without-blob', 'update blob set object_id = null where object_id is not null'],
    ['blob-without-bytes', 'update blob set object_id = null where object_id is not null'],
    ['blob-object-not-live', `update object set state = 'doomed'`],
    ['object-missing', 'update object set key = null'],
    ['file-misplaced', 'update object set key = null'],
    ['manifest-child-missing', 'delete from link'],
    ['manifest-without-bytes', 'delete from content where blob_id in (select blob_id from manifest)'],
    ['manifest-dangling', 'update manifest set blob_id = (select min(id) from blob)'],
    ['tag-dangling', 'update manifest set deleted_at = 1'],
    ['manifest-not-in-trash', 'update manifest set deleted_at = 1'],
  ])('%s after %s', async (code, sql) => {
    await t.pushImage('team/app', 'v1')
    await t.alter(sql)
    const found = (await t.check()).list.map(({ finding }) => finding).filter((finding) => finding.code === code)
    expect(found.length).toBeGreaterThan(0)
    if (!['object-without-blob', 'file-misplaced'].includes(code)) expect(found[0]?.affected).toMatchObject([{ repository: 'team/app' }])
    expect(textOf(code, 'zh-CN').next).not.toBe('')
  })

  test('an unfinished upload that lost bytes it acknowledged', async () => {
    const upload = await open()
    const [{ id } = { id: '' }] = (await t.store.list()).objects
    await t.store.delete(id, undefined)
    expect((await t.check()).list).toMatchObject([{ finding: { code: 'upload-bytes-missing', subject: { upload, repository: 'team/app' } } }])
    await t.alter(`update object set state = 'doomed'`)
    expect((await t.check()).codes).toEqual(['upload-dangling'])
  })

  test('a layer that need not be here is not missed', async () => {
    const config = await pushBlob(t.registry, 'team/app', '{}')
    const foreign = { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', digest: `sha256:${'1'.repeat(64)}`, size: 5 }
    await pushManifest(t.registry, 'team/app', byTag('v1'), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
      layers: [foreign],
    })
    expect((await t.check()).codes).toEqual([])
  })

  test('what a sparse push left out is not missed; what it had is', async () => {
    const sparse = t.another({ sparse: 'all' })
    const config = await pushBlob(sparse, 'team/app', '{}')
    const layer = await pushBlob(sparse, 'team/app', 'a layer')
    const layers = [{ digest: layer, size: 7 }, { digest: `sha256:${'1'.repeat(64)}` as Digest, size: 5 }]
    await pushManifest(sparse, 'team/app', byTag('v1'), manifestOf(layers, { digest: config, size: 2 }))
    expect((await t.check()).codes).toEqual([])
    await t.alter(`delete from link where blob_id = (select id from blob where digest = '${layer}')`)
    expect((await t.check()).list).toMatchObject([{ finding: { code: 'blob-not-queued' } }, { finding: { code: 'manifest-child-missing', subject: { digest: layer } } }])
  })

  test('more rows than a page holds', async () => {
    const digits = '(values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as'
    const numbers = `select a.column1 + 10 * b.column1 + 100 * c.column1 as n from ${digits} a cross join ${digits} b cross join ${digits} c`
    await t.pushImage('team/app', 'v1')
    await t.alter(`insert into blob (domain_id, digest, size) select 1, 'sha256:' || n, 1 from (${numbers}) numbers`)
    await t.alter(`insert into link (repository_id, blob_id, lease_until) select 1, id, 0 from blob where size = 1`)
    const checked = await t.check()
    expect(checked.looked).toMatchObject({ blobs: 1003, links: 1002 })
    expect(checked.codes.filter((code) => code === 'blob-without-bytes')).toHaveLength(1000)
    expect(checked.codes.filter((code) => code === 'link-not-queued')).toHaveLength(1000)
  })

  // SQLite holds its foreign keys to the letter; simulation/bit-rot changes its file from outside.
  if (kind.dialect === 'sqlite') return
  test.each<[FindingCode, string]>([
    ['blob-object-unknown', `update blob set object_id = 'aa' where object_id is not null`],
    ['content-without-blob', 'delete from blob where object_id is null'],
    ['link-dangling', 'delete from blob'],
    ['link-dangling', 'delete from repository'],
    ['manifest-dangling', 'delete from repository'],
    ['reference-dangling', 'delete from manifest'],
    ['tag-dangling', 'delete from manifest'],
    ['tag-dangling', 'delete from repository'],
    ['upload-dangling', 'delete from repository'],
  ])('%s after %s', async (code, sql) => {
    await t.pushImage('team/app', 'v1')
    await t.alter(sql, 'unchecked')
    expect((await t.check()).codes).toContain(code)
  })
})
