import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Tag } from '../oci/index.ts'
import { createCollector } from './index.ts'
import { anonymous, byDigest, byTag, pushBlob, pushManifest, repository, settings } from './test-registry.testing.ts'
import { app, codeOf, createTestTrash, retention, sql, type TestTrash } from './trash.testing.ts'

forEachDatabase('the trash', (kind) => {
  let h: TestTrash
  beforeEach(async () => {
    h = await createTestTrash(kind)
  })
  afterEach(() => h.t.dispose())

  test('a tag is gone, its manifest stays; it is there again, and its history tells both', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    expect(await h.tags()).toEqual(['v1'])
    await h.remove(byTag('v1'))
    expect([await h.tags(), await h.pull(byTag('v1')), await h.pull(byDigest(digest))]).toEqual([[], 'MANIFEST_UNKNOWN', 'ok'])
    expect(await h.listed()).toEqual([
      {
        id: expect.any(Number),
        kind: 'tag',
        path: 'team/app',
        tag: 'v1' as Tag,
        digest,
        tags: [],
        cause: 'person',
        deletedAt: h.t.clock.now(),
        deletedBy: undefined,
        purgeAt: h.t.clock.now() + retention,
      },
    ])
    const id = await h.only()
    expect(await h.trash().restore(anonymous, id)).toEqual({ tags: ['v1' as Tag], leftOut: [], manifests: [] })
    expect([await h.tags(), await h.pull(byTag('v1')), await h.listed()]).toEqual([['v1'], 'ok', []])
    expect(await codeOf(() => h.trash().restore(anonymous, id))).toBe('TRASH_UNKNOWN')
    const moves = await h.t.database.all(sql<{ from_digest: string | null; to_digest: string | null }>('moves', 'select from_digest, to_digest from tag_event order by id'))
    expect(moves.map((move) => [move.from_digest, move.to_digest])).toEqual([[null, digest], [digest, null], [null, digest]])
  })

  test('a manifest is gone for every reader with its tags, its blobs stay; it comes back with the same bytes and its tags', async () => {
    const { digest, layer } = await h.pushImage('v1', 'one')
    await pushManifest(h.registry, 'team/app', byTag('v2'), JSON.parse(await h.bytesOf(byTag('v1'))) as object)
    const bytes = await h.bytesOf(byDigest(digest))
    expect(await h.tags()).toEqual(['v1', 'v2'])
    await h.remove(byDigest(digest))
    const reads = [await h.pull(byDigest(digest)), await h.pull(byTag('v1')), await h.pull(byTag('v2')), await h.tags()]
    expect(reads).toEqual(['MANIFEST_UNKNOWN', 'MANIFEST_UNKNOWN', 'MANIFEST_UNKNOWN', []])
    expect(await codeOf(() => h.reader.pull.statManifest(anonymous, app, byDigest(digest)))).toBe('MANIFEST_UNKNOWN')
    h.t.clock.advance(retention - 1)
    await h.collectAll()
    expect(await h.listed()).toMatchObject([{ kind: 'manifest', digest, tags: ['v1', 'v2'] }])
    expect(await h.trash().restore(anonymous, await h.only())).toEqual({ tags: ['v1', 'v2'] as Tag[], leftOut: [], manifests: [] })
    expect([await h.bytesOf(byDigest(digest)), await h.bytesOf(byTag('v2')), await h.tags(), await h.blob(layer)]).toEqual([bytes, bytes, ['v1', 'v2'], 'ok'])
    expect(await h.left()).toEqual([0, 0])
  })

  test('a tag that was given to something else since is left out, and named', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    await pushManifest(h.registry, 'team/app', byTag('v2'), JSON.parse(await h.bytesOf(byTag('v1'))) as object)
    await h.remove(byDigest(digest))
    const other = await h.pushImage('v1', 'other')
    expect(await h.trash().restore(anonymous, await h.only())).toEqual({ tags: ['v2'], leftOut: [{ tag: 'v1', reason: 'exists' }], manifests: [] } as never)
    expect(JSON.parse(await h.bytesOf(byTag('v1')))).toEqual(other.document)
  })

  test('a tag is not restored over another one: it says where that points, and stays in the trash', async () => {
    const first = await h.pushImage('v1', 'one')
    await h.remove(byTag('v1'))
    const second = await h.pushImage('v1', 'two')
    const refused = await h.trash().restore(anonymous, await h.only()).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'TAG_EXISTS', status: 409, detail: { tag: 'v1', digest: second.digest } })
    expect((refused as Error).message).toContain(second.digest)
    await h.registry.deletes.manifest(anonymous, app, byTag('v1'))
    const [, older] = await h.listed()
    expect(older?.digest).toBe(first.digest)
    await h.trash().restore(anonymous, older?.id ?? 0)
    expect(JSON.parse(await h.bytesOf(byTag('v1')))).toEqual(first.document)
  })

  test('a tag whose manifest is in the trash says what to restore first, and one whose manifest is gone that it is', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    await h.remove(byTag('v1'))
    await h.remove(byDigest(digest))
    const [manifest, tag] = await h.listed()
    expect(await h.trash().restore(anonymous, tag?.id ?? 0).catch((error: unknown) => error)).toMatchObject({
      code: 'MANIFEST_IN_TRASH',
      detail: { digest, trash: manifest?.id },
    })
    await h.trash().purge(anonymous, manifest?.id ?? 0)
    expect(await codeOf(() => h.trash().restore(anonymous, tag?.id ?? 0))).toBe('MANIFEST_UNKNOWN')
    expect((await h.listed()).map(({ id }) => id)).toEqual([tag?.id ?? 0])
  })

  test('what refers to a manifest is not touched by its deletion, and is found as before once it is back', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    const size = (await h.bytesOf(byTag('v1'))).length
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size }
    const signature = await h.pushImage('signature', 'two', { subject })
    await h.remove(byDigest(digest))
    expect([await h.pull(byDigest(signature.digest)), await h.referrers(digest)]).toEqual(['ok', [signature.digest]])
    await h.trash().restore(anonymous, await h.only())
    expect(await h.referrers(digest)).toEqual([signature.digest])
    await h.remove(byDigest(signature.digest))
    expect(await h.referrers(digest)).toEqual([])
    await h.trash().restore(anonymous, await h.only())
    expect(await h.referrers(digest)).toEqual([signature.digest])
  })

  test('what a rule put there because of it comes back with it, and what somebody deleted does not', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
    const [ruled, deleted] = [await h.pushImage('a', 'two', { subject }), await h.pushImage('b', 'three', { subject })]
    const ofRuled = await h.pushImage('c', 'four', { subject: { ...subject, digest: ruled.digest } })
    for (const each of [deleted, ofRuled, ruled, { digest }]) await h.remove(byDigest(each.digest))
    await h.alter(`update trash set cause = 'rule' where digest in ('${ruled.digest}', '${ofRuled.digest}')`)
    const [first] = await h.listed()
    const restored = await h.trash().restore(anonymous, first?.id ?? 0)
    expect([restored.tags, [...restored.manifests].sort()]).toEqual([['v1' as Tag], [ruled.digest, ofRuled.digest].sort()])
    expect([await h.pull(byDigest(ruled.digest)), await h.pull(byDigest(ofRuled.digest)), await h.pull(byDigest(deleted.digest))]).toEqual(['ok', 'ok', 'MANIFEST_UNKNOWN'])
    expect((await h.listed()).map((each) => each.digest)).toEqual([deleted.digest])
  })

  test('takes what the rule about untagged manifests takes, and gives it back', async () => {
    const untagged = 30 * 86_400_000
    const { digest } = await h.pushImage('v1', 'one')
    await h.remove(byTag('v1'))
    await h.trash().purge(anonymous, await h.only())
    h.t.clock.advance(untagged + 1)
    const rule = createCollector({ ...h.t, settings: { ...settings, retention, untagged } })
    while ((await rule.collectDue(100)) > 0);
    expect([await h.pull(byDigest(digest)), await h.listed()]).toMatchObject(['MANIFEST_UNKNOWN', [{ kind: 'manifest', digest, cause: 'rule', tags: [] }]])
    await h.trash().restore(anonymous, await h.only())
    expect([await h.pull(byDigest(digest)), await h.left()]).toEqual(['ok', [0, 0]])
    h.t.clock.advance(untagged + 1)
    while ((await rule.collectDue(100)) > 0);
    expect(await h.pull(byDigest(digest))).toBe('MANIFEST_UNKNOWN')
  })

  test('an index comes back with the children that a rule took, and refuses none in the trash as a new child', async () => {
    const child = await h.pushImage('child', 'one')
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ mediaType, digest: child.digest, size: 1 }] }
    const digest = await pushManifest(h.registry, 'team/app', byTag('index'), index)
    for (const each of [digest, child.digest]) await h.remove(byDigest(each))
    expect(await codeOf(() => pushManifest(h.registry, 'team/app', byTag('again'), { ...index, annotations: { a: 'b' } }))).toBe('MANIFEST_BLOB_UNKNOWN')
    await h.alter(`update trash set cause = 'rule' where digest = '${child.digest}'`)
    const entry = (await h.listed()).find((each) => each.digest === digest)
    expect((await h.trash().restore(anonymous, entry?.id ?? 0)).manifests).toEqual([child.digest])
    expect([await h.pull(byTag('index')), await h.pull(byDigest(child.digest))]).toEqual(['ok', 'ok'])
  })

  test('a push of the same manifest takes it out', async () => {
    const { digest, document } = await h.pushImage('v1', 'one')
    await h.remove(byDigest(digest))
    const id = await h.only()
    expect(await pushManifest(h.registry, 'team/app', byTag('v3'), document)).toBe(digest)
    expect([await h.listed(), await h.tags(), await h.left()]).toEqual([[], ['v3'], [0, 0]])
    expect(await codeOf(() => h.trash().restore(anonymous, id))).toBe('TRASH_UNKNOWN')
    h.t.clock.advance(retention + 1)
    await h.collectAll()
    expect(await h.pull(byTag('v3'))).toBe('ok')
  })

  test('a blob is gone for readers and mounts, and restored; a push and a mount take it out as well', async () => {
    const { layer } = await h.pushImage('v1', 'one')
    const lone = await pushBlob(h.registry, 'team/app', 'lone'.repeat(20_000))
    await pushBlob(h.registry, 'team/other', 'lone'.repeat(20_000))
    for (const digest of [layer, lone]) {
      await h.registry.deletes.blob(anonymous, app, digest)
      expect([await h.blob(digest), await codeOf(() => h.reader.pull.blob(anonymous, app, digest))]).toEqual(['BLOB_UNKNOWN', 'BLOB_UNKNOWN'])
      expect(await codeOf(() => h.registry.deletes.blob(anonymous, app, digest))).toBe('BLOB_UNKNOWN')
    }
    expect(await h.registry.uploads.mount(anonymous, repository('team/new'), layer, app)).toBe(false)
    h.t.clock.advance(retention - 1)
    await h.collectAll()
    for (const { id } of await h.listed()) expect(await h.trash().restore(anonymous, id)).toEqual({ tags: [], leftOut: [], manifests: [] })
    expect([await h.blob(layer), await h.blob(lone), await h.left()]).toEqual(['ok', 'ok', [0, 0]])
    await pushBlob(h.registry, 'team/other', 'lone'.repeat(20_000))

    await h.registry.deletes.blob(anonymous, app, lone)
    expect(await h.registry.uploads.mount(anonymous, app, lone, repository('team/other'))).toBe(true)
    expect([await h.blob(lone), await h.left()]).toEqual(['ok', [0, 0]])
    await h.registry.deletes.blob(anonymous, app, lone)
    await pushBlob(h.registry, 'team/app', 'lone'.repeat(20_000))
    expect([await h.blob(lone), await h.left()]).toEqual(['ok', [0, 0]])
  })

  test('a restored blob that nothing refers to goes when its lease is over', async () => {
    const lone = await pushBlob(h.registry, 'team/app', 'lone'.repeat(20_000))
    await h.registry.deletes.blob(anonymous, app, lone)
    h.t.clock.advance(retention - 1)
    await h.collectAll()
    await h.trash().restore(anonymous, await h.only())
    h.t.clock.advance(settings.lease - 1)
    await h.collectAll()
    expect(await h.blob(lone)).toBe('ok')
    h.t.clock.advance(settings.lease + 1)
    await h.collectAll()
    expect(await h.blob(lone)).toBe('BLOB_UNKNOWN')
  })
})
