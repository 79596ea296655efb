import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { digestBytes, RegistryError } from '../oci/index.ts'
import {
  anonymous,
  bodyOf,
  byDigest,
  byTag,
  createTestRegistry,
  manifestOf,
  noBody,
  pushBlob,
  pushManifest,
  repository,
  settings,
  type TestRegistry,
} from './test-registry.testing.ts'

const name = repository('team/app')
const random = (size: number) => crypto.getRandomValues(new Uint8Array(size))
const large = (size = 200_000) => Buffer.concat(Array.from({ length: Math.ceil(size / 65536) }, () => random(65536))).subarray(0, size)
const code = (result: unknown) => Promise.resolve(result).then(() => 'ok', (error: { code: string }) => error.code)

forEachDatabase('the registry', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  async function readBlob(digest: ReturnType<typeof digestBytes>, from = name): Promise<Uint8Array> {
    const blob = await t.registry.pull.blob(anonymous, from, digest)
    const opened = await blob.open()
    if (opened.kind !== 'bytes') throw new Error(`unexpected ${opened.kind}`)
    return opened.bytes
  }

  describe('blobs', () => {
    test.each([0, 1, 32 * 1024, 32 * 1024 + 1, 200_000])('a blob of %p bytes comes back as it was pushed', async (size) => {
      const bytes = large(Math.max(size, 1)).subarray(0, size)
      const digest = await pushBlob(t.registry, name, bytes)
      expect(Buffer.compare(await readBlob(digest), bytes)).toBe(0)
      expect(await t.registry.pull.statBlob(anonymous, name, digest)).toEqual({ digest, size })
    })

    test('the same blob may be pushed again, by digest algorithms alike', async () => {
      const bytes = large()
      const digest = await pushBlob(t.registry, name, bytes)
      expect(await pushBlob(t.registry, name, bytes)).toBe(digest)
      const other = digestBytes(bytes, 'sha512')
      await t.registry.uploads.pushWhole(anonymous, name, other, bodyOf(bytes))
      expect(Buffer.compare(await readBlob(other), bytes)).toBe(0)
    })

    test('a blob is readable only through a link of the repository', async () => {
      const digest = await pushBlob(t.registry, 'other/app', 'x')
      expect(await code(t.registry.pull.blob(anonymous, name, digest))).toBe('NAME_UNKNOWN')
      await pushBlob(t.registry, name, 'y')
      expect(await code(t.registry.pull.blob(anonymous, name, digest))).toBe('BLOB_UNKNOWN')
    })

    test('chunks, a stale position, status and the closing put', async () => {
      const bytes = large(100_000)
      const { id } = await t.registry.uploads.begin(anonymous, name)
      const append = (from: number, to: number) =>
        t.registry.uploads.append(anonymous, name, id, bodyOf(bytes.subarray(from, to), { first: from, last: to - 1 }))
      expect(await append(0, 10_000)).toEqual({ id, offset: 10_000 })
      expect(await code(append(0, 10_000))).toBe('RANGE_INVALID')
      expect(await append(10_000, 60_000)).toEqual({ id, offset: 60_000 })
      expect(await t.registry.uploads.status(anonymous, name, id)).toEqual({ id, offset: 60_000 })
      const digest = digestBytes(bytes, 'sha256')
      const last = bodyOf(bytes.subarray(60_000), { first: 60_000, last: 99_999 })
      await t.registry.uploads.finish(anonymous, name, id, digest, last)
      expect(Buffer.compare(await readBlob(digest), bytes)).toBe(0)
      await t.registry.uploads.finish(anonymous, name, id, digest, noBody)
      expect(await code(t.registry.uploads.finish(anonymous, name, id, digestBytes(random(3), 'sha256'), noBody))).toBe('BLOB_UPLOAD_UNKNOWN')
    })

    test('another process goes on where the first one was acknowledged', async () => {
      const bytes = large(300_000)
      const { id } = await t.registry.uploads.begin(anonymous, name)
      const append = (process: typeof t.registry, from: number, to: number) =>
        process.uploads.append(anonymous, name, id, bodyOf(bytes.subarray(from, to)))
      await append(t.registry, 0, 100_000)
      const second = t.another()
      await append(second, 100_000, 200_000)
      await append(t.another(), 200_000, 250_000)
      await append(second, 250_000, 300_000)
      const digest = digestBytes(bytes, 'sha256')
      await t.another().uploads.finish(anonymous, name, id, digest, noBody)
      expect(Buffer.compare(await readBlob(digest), bytes)).toBe(0)
    })

    test('a cancelled session is unknown to whatever comes next', async () => {
      const unknown = async (use: (id: string) => Promise<unknown>) => {
        const { id } = await t.registry.uploads.begin(anonymous, name)
        await t.registry.uploads.cancel(anonymous, name, id)
        expect(await code(use(id))).toBe('BLOB_UPLOAD_UNKNOWN')
        expect(await code(t.registry.uploads.status(anonymous, name, id))).toBe('BLOB_UPLOAD_UNKNOWN')
      }
      await unknown((id) => t.registry.uploads.status(anonymous, name, id))
      await unknown((id) => t.registry.uploads.append(anonymous, name, id, bodyOf('x')))
      await unknown((id) => t.registry.uploads.append(anonymous, name, id, bodyOf('x', { first: 1, last: 1 })))
      await unknown((id) => t.registry.uploads.append(anonymous, name, id, bodyOf(large())))
      await unknown((id) => t.registry.uploads.finish(anonymous, name, id, digestBytes(random(3), 'sha256'), noBody))
      await unknown((id) => t.registry.uploads.cancel(anonymous, name, id))
    })

    test('a wrong digest is refused and the session is gone', async () => {
      for (const size of [100, 100_000]) {
        const { id } = await t.registry.uploads.begin(anonymous, name)
        const wrong = digestBytes(random(9), 'sha256')
        expect(await code(t.registry.uploads.finish(anonymous, name, id, wrong, bodyOf(large(size))))).toBe('DIGEST_INVALID')
        expect(await code(t.registry.uploads.status(anonymous, name, id))).toBe('BLOB_UPLOAD_UNKNOWN')
        expect(['BLOB_UNKNOWN', 'NAME_UNKNOWN']).toContain(await code(t.registry.pull.blob(anonymous, name, wrong)))
      }
    })

    test('a body that is cut off keeps what came; one of a wrong length keeps nothing', async () => {
      for (const size of [5_000, 90_000]) {
        const { id } = await t.registry.uploads.begin(anonymous, name)
        const cut = { ...bodyOf(large(size)), length: size + 1 }
        expect(await code(t.registry.uploads.append(anonymous, name, id, cut))).toBe('SIZE_INVALID')
        expect((await t.registry.uploads.status(anonymous, name, id)).offset).toBe(size)
        const tooLong = { ...bodyOf(large(size)), length: size - 1 }
        expect(await code(t.registry.uploads.append(anonymous, name, id, tooLong))).toBe('SIZE_INVALID')
        expect((await t.registry.uploads.status(anonymous, name, id)).offset).toBe(size)
      }
    })

    test('a body whose sender stood still keeps what came', async () => {
      const { id } = await t.registry.uploads.begin(anonymous, name)
      const pieces = [large(90_000)]
      const late = () => Promise.reject(new RegistryError('BODY_TIMEOUT'))
      const read = (piece: Uint8Array | undefined) => (piece === undefined ? late() : Promise.resolve({ value: piece }))
      const stream = { getReader: () => ({ read: () => read(pieces.shift()), cancel: () => Promise.resolve() }) }
      expect(await code(t.registry.uploads.append(anonymous, name, id, { stream, length: 100_000, range: undefined }))).toBe('BODY_TIMEOUT')
      expect((await t.registry.uploads.status(anonymous, name, id)).offset).toBe(90_000)
    })

    test('an upload is known only in its repository and to its actor', async () => {
      const { id } = await t.registry.uploads.begin({ ...anonymous, identity: 'ann' }, name)
      expect(await code(t.registry.uploads.status(anonymous, name, id))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await code(t.registry.uploads.status({ ...anonymous, identity: 'ann' }, repository('b'), id))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect((await t.registry.uploads.status({ ...anonymous, identity: 'ann' }, name, id)).offset).toBe(0)
    })

    test('mounts, with and without a source, and never of what is not there', async () => {
      const digest = await pushBlob(t.registry, 'base/image', large())
      expect(await t.registry.uploads.mount(anonymous, name, digest, repository('base/image'))).toBe(true)
      expect((await t.registry.pull.statBlob(anonymous, name, digest)).size).toBe(200_000)
      expect(await t.registry.uploads.mount(anonymous, repository('c'), digest, undefined)).toBe(true)
      expect(await t.registry.uploads.mount(anonymous, name, digest, repository('no/such'))).toBe(false)
      expect(await t.registry.uploads.mount(anonymous, name, digestBytes(random(3), 'sha256'), undefined)).toBe(false)
    })

    test('a truncated object counts as missing until it is pushed again', async () => {
      const bytes = large()
      const digest = await pushBlob(t.registry, name, bytes)
      const [row] = await t.database.all<{ id: string; key: string }>({ name: 'look', sqlite: 'select id, key from object', postgres: 'select id, key from object' })
      await t.store.delete(row!.id, row!.key)
      const blob = await t.registry.pull.blob(anonymous, name, digest)
      expect(await code(blob.open())).toBe('BLOB_UNKNOWN')
      expect(await code(t.registry.pull.statBlob(anonymous, name, digest))).toBe('BLOB_UNKNOWN')
      expect(await t.registry.uploads.mount(anonymous, repository('c'), digest, name)).toBe(false)
      await pushBlob(t.registry, name, bytes)
      expect(Buffer.compare(await readBlob(digest), bytes)).toBe(0)
    })
  })

  describe('manifests', () => {
    async function pushImage(tag: string, repo: string = name) {
      const layer = await pushBlob(t.registry, repo, large())
      const config = await pushBlob(t.registry, repo, JSON.stringify({ tag }))
      const document = manifestOf([{ digest: layer, size: 200_000 }], { digest: config, size: JSON.stringify({ tag }).length })
      return { layer, config, document, digest: await pushManifest(t.registry, repo, byTag(tag), document) }
    }

    test('an image by tag and by digest, moved, listed and deleted', async () => {
      const first = await pushImage('latest')
      const second = await pushImage('latest')
      const pulled = await t.registry.pull.manifest(anonymous, name, byTag('latest'))
      expect(pulled.digest).toBe(second.digest)
      expect(new TextDecoder().decode(pulled.bytes)).toBe(JSON.stringify(second.document))
      expect((await t.registry.pull.statManifest(anonymous, name, byDigest(first.digest))).size).toBe(pulled.size)
      expect(await t.registry.lists.tags(anonymous, name, { limit: undefined, last: undefined })).toEqual({ names: ['latest'], more: false })
      await t.registry.deletes.manifest(anonymous, name, byTag('latest'))
      expect(await code(t.registry.pull.manifest(anonymous, name, byTag('latest')))).toBe('MANIFEST_UNKNOWN')
      await t.registry.pull.manifest(anonymous, name, byDigest(second.digest))
      await t.registry.deletes.manifest(anonymous, name, byDigest(second.digest))
      expect(await code(t.registry.pull.manifest(anonymous, name, byDigest(second.digest)))).toBe('MANIFEST_UNKNOWN')
      expect(await code(t.registry.deletes.manifest(anonymous, name, byDigest(second.digest)))).toBe('MANIFEST_UNKNOWN')
    })

    test('missing children are named, each of them, and nothing is stored', async () => {
      const gone = [random(1), random(2)].map((bytes) => ({ digest: digestBytes(bytes, 'sha256'), size: bytes.length }))
      const error = await pushManifest(t.registry, name, byTag('x'), manifestOf([gone[0]!], gone[1]!)).catch((e) => e)
      expect(error.code).toBe('MANIFEST_BLOB_UNKNOWN')
      expect(error.entries.map((entry: any) => entry.detail.digest).sort()).toEqual(gone.map(({ digest }) => digest).sort())
      expect(await code(t.registry.lists.tags(anonymous, name, { limit: undefined, last: undefined }))).toBe('NAME_UNKNOWN')
    })

    test('bytes held under sha512 keep that digest when they are put by tag', async () => {
      const { document } = await pushImage('a')
      const bytes = new TextEncoder().encode(JSON.stringify({ ...document, annotations: { x: 'y' } }))
      const sha512 = digestBytes(bytes, 'sha512')
      await t.registry.push.manifest(anonymous, name, byDigest(sha512), { contentType: undefined, bytes, tags: [] })
      const put = await t.registry.push.manifest(anonymous, name, byTag('b'), { contentType: undefined, bytes, tags: [] })
      expect(put.digest).toBe(sha512)
      expect((await t.registry.pull.statManifest(anonymous, name, byTag('b'))).digest).toBe(sha512)
    })

    test('referrers are listed in pages, filtered by type, subject present or not', async () => {
      const { digest, config } = await pushImage('subject')
      const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
      for (const type of ['a/a', 'b/b', 'a/a']) {
        const annotations = { type, n: crypto.randomUUID() }
        await pushManifest(t.registry, name, byTag(annotations.n), manifestOf([], { digest: config, size: 17 }, { artifactType: type, subject, annotations }))
      }
      const page = (limit: number | undefined, last?: string, artifactType?: string) =>
        t.registry.lists.referrers(anonymous, name, digest, { limit, last, artifactType })
      expect((await page(undefined)).descriptors).toHaveLength(3)
      expect((await page(undefined, undefined, 'a/a')).descriptors.map((d) => d.annotations?.['type'])).toEqual(['a/a', 'a/a'])
      const first = await page(2)
      const rest = await page(2, first.next)
      expect([...first.descriptors, ...rest.descriptors]).toEqual([...(await page(undefined)).descriptors])
      expect(rest.next).toBeUndefined()
      expect((await t.registry.lists.referrers(anonymous, repository('no'), digest, { limit: 1, last: undefined, artifactType: undefined })).descriptors).toEqual([])
    })

    test('tags and repositories page in byte order', async () => {
      const { document } = await pushImage('b')
      const tags = ['A', 'B-1', 'B.1', 'B_1', 'a', 'b', 'b0', '_x', '0']
      for (const tag of tags) await pushManifest(t.registry, name, byTag(tag), document)
      const all = [...tags].sort((a, b) => (a < b ? -1 : 1))
      const seen: string[] = []
      for (let last: string | undefined; ; last = seen.at(-1)) {
        const page = await t.registry.lists.tags(anonymous, name, { limit: 2, last })
        seen.push(...page.names)
        if (!page.more) break
      }
      expect(seen).toEqual(all)
      expect((await t.registry.lists.tags(anonymous, name, { limit: 0, last: undefined }))).toEqual({ names: [], more: false })
      for (const repo of ['team-a/x', 'team/app-2', 'team/app/deep']) await pushBlob(t.registry, repo, 'x')
      expect((await t.registry.lists.repositories(anonymous, { limit: 10, last: undefined })).names).toEqual(['team-a/x', 'team/app', 'team/app-2', 'team/app/deep'])
    })
  })

  describe('collection', () => {
    const counts = async () => {
      const tables = ['link', 'blob', 'content', 'object', 'upload', 'gc_queue']
      const sql = `select ${tables.map((table) => `(select count(*) from ${table}) as ${table}`).join(', ')}`
      return (await t.database.one<Record<string, number>>({ name: 'counts', sqlite: sql, postgres: sql }))!
    }
    async function collectAll(): Promise<void> {
      for (let round = 0; round < 50 && (await t.collector.collectDue(1000)) > 0; round++);
    }

    test('what nothing holds goes, rows and bytes, after lease and drain', async () => {
      await pushBlob(t.registry, name, 'small')
      await pushBlob(t.registry, name, large())
      const { id } = await t.registry.uploads.begin(anonymous, name)
      await t.registry.uploads.append(anonymous, name, id, bodyOf(large()))
      await collectAll()
      expect((await counts())['blob']).toBe(2)
      t.clock.advance(settings.lease + 1)
      await collectAll()
      t.clock.advance(settings.drain + 1)
      await collectAll()
      expect(await counts()).toEqual({ link: 0, blob: 0, content: 0, object: 0, upload: 0, gc_queue: 0 })
    })

    test('what a manifest holds stays, and goes after the manifest went', async () => {
      const layer = await pushBlob(t.registry, name, large())
      const config = await pushBlob(t.registry, name, '{}')
      const digest = await pushManifest(t.registry, name, byTag('v1'), manifestOf([{ digest: layer, size: 200_000 }], { digest: config, size: 2 }))
      t.clock.advance(settings.lease * 3)
      await collectAll()
      expect((await readBlob(layer)).length).toBe(200_000)
      await t.registry.deletes.manifest(anonymous, name, byDigest(digest))
      await collectAll()
      expect((await readBlob(layer)).length).toBe(200_000)
      t.clock.advance(settings.lease + 1)
      await collectAll()
      expect(await code(t.registry.pull.blob(anonymous, name, layer))).toBe('BLOB_UNKNOWN')
      t.clock.advance(settings.drain + 1)
      await collectAll()
      expect(await counts()).toEqual({ link: 0, blob: 0, content: 0, object: 0, upload: 0, gc_queue: 0 })
    })

    test('a HEAD answered 200 keeps the blob for the manifest that follows', async () => {
      const digest = await pushBlob(t.registry, name, large())
      t.clock.advance(settings.lease - 10)
      await t.registry.pull.statBlob(anonymous, name, digest)
      t.clock.advance(settings.lease - 10)
      await collectAll()
      const config = await pushBlob(t.registry, name, '{}')
      await pushManifest(t.registry, name, byTag('v1'), manifestOf([{ digest, size: 200_000 }], { digest: config, size: 2 }))
      t.clock.advance(settings.lease * 2)
      await collectAll()
      expect((await readBlob(digest)).length).toBe(200_000)
    })

    test('a deleted blob that a manifest names comes back with a push', async () => {
      const layer = await pushBlob(t.registry, name, large())
      const config = await pushBlob(t.registry, name, '{}')
      await pushManifest(t.registry, name, byTag('v1'), manifestOf([{ digest: layer, size: 200_000 }], { digest: config, size: 2 }))
      await t.registry.deletes.blob(anonymous, name, layer)
      expect(await code(t.registry.pull.blob(anonymous, name, layer))).toBe('BLOB_UNKNOWN')
      expect(await code(t.registry.deletes.blob(anonymous, name, layer))).toBe('BLOB_UNKNOWN')
      expect(await t.registry.uploads.mount(anonymous, name, layer, name)).toBe(false)
      const unlinked = await pushBlob(t.registry, name, 'lonely')
      await t.registry.deletes.blob(anonymous, name, unlinked)
      await collectAll()
      expect((await counts())['content']).toBe(2)
    })
  })
})
