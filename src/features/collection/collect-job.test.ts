import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement, transaction, type Reads, type Statement, type Tx } from '../../database/index.ts'
import type { JobRun } from '../../jobs/index.ts'
import { testRun } from '../../jobs/job-run.testing.ts'
import { allowAll, holdCollection, type RegistrySettings } from '../../registry/index.ts'
import { anonymous, bodyOf, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, settings, type TestRegistry } from '../../registry/test-registry.testing.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { CollectPayload, CollectReport } from './collect-job-shapes.ts'
import { createCollectJob } from './collect-job.ts'

const tables = ['object', 'blob', 'content', 'link', 'manifest', 'reference', 'tag', 'upload', 'gc_queue', 'trash', 'event', 'meta']
const rowsOf = (table: string): Statement<unknown> => ({ name: `all_${table}`, sqlite: `select * from ${table}`, postgres: `select * from ${table}` })

/** Everything there is. */
async function everything(database: Reads, store: BlobStore): Promise<string> {
  const rows = await Promise.all(tables.map(async (table) => (await database.all(rowsOf(table))).map((row) => JSON.stringify(row)).sort()))
  return JSON.stringify([rows, await store.list()])
}

const writeCount = statement(`
  insert into usage_stored (namespace_id, repository_id, logical, deduplicated, trash, counted_at, blobs, blob_bytes) values (0, 0, 0, 0, 0, $1, $2, $3)
  on conflict (namespace_id, repository_id) do update set blobs = excluded.blobs, blob_bytes = excluded.blob_bytes`)
type Count = readonly [at: number, blobs: number | null, bytes: number | null]
const keepCount = transaction('keep a count in a test', async (tx: Tx, count: Count) => ({ ok: await tx.run(writeCount, ...count) }))

forEachDatabase('the job gc.run', (kind) => {
  let t: TestRegistry
  let kept: unknown[]
  let lines: string[]
  beforeEach(async () => {
    t = await createTestRegistry(kind, allowAll, [keepCount])
    kept = []
    lines = []
  })
  afterEach(() => t.dispose())

  const watched = {
    log: (text: string) => void lines.push(text),
    keep: (position: unknown) => void kept.push(JSON.parse(JSON.stringify(position))),
  }
  const run = async (payload: Partial<CollectPayload>, parts: Partial<JobRun<CollectPayload>> = {}, deps: { readonly settings: RegistrySettings } = { settings }): Promise<CollectReport> =>
    (await createCollectJob({ ...t, ...deps }).run(testRun({ dryRun: false, deleteUntagged: false, ...payload }, { ...watched, ...parts }))) as CollectReport

  const sizes = { large: 100_000, small: 1_000 }

  /** In two repositories: a large blob that both have and nobody needs, a small one, an image; and an upload that was left. */
  async function leaveGarbage(): Promise<void> {
    for (const name of ['a/one', 'b/two']) await pushBlob(t.registry, name, 'g'.repeat(sizes.large))
    await pushBlob(t.registry, 'a/one', 's'.repeat(sizes.small))
    const layer = { digest: await pushBlob(t.registry, 'a/one', 'l'.repeat(sizes.large)), size: sizes.large }
    const config = { digest: await pushBlob(t.registry, 'a/one', '{}'), size: 2 }
    // In the other one nothing keeps it.
    await pushBlob(t.registry, 'b/two', 'l'.repeat(sizes.large))
    await pushManifest(t.registry, 'a/one', byTag('v1'), manifestOf([layer], config))
    const { id } = await t.registry.uploads.begin(anonymous, repository('a/one'))
    await t.registry.uploads.append(anonymous, repository('a/one'), id, bodyOf('u'.repeat(10)))
    t.clock.advance(settings.lease + 1)
  }

  test('says before what it does after, and changes nothing by saying it', async () => {
    await leaveGarbage()
    const untouched = await everything(t.database, t.store)
    const told = await run({ dryRun: true })
    expect(await everything(t.database, t.store)).toBe(untouched)
    const done = await run({ dryRun: false })
    expect(done).toMatchObject({ dryRun: false, links: 4, blobs: 2, objects: 2, uploads: 1, releasedBytes: sizes.large + sizes.small, freedBytes: 2 * sizes.large + sizes.small, failed: 0 })
    expect({ ...told, dryRun: false }).toEqual(done)
    expect([done.before.blobs - done.after.blobs, done.before.bytes - done.after.bytes]).toEqual([2, done.releasedBytes])
    // Two files went that were pushed twice. That of the large one one goes once no reader can be on its way to it.
    t.clock.advance(settings.drain + 1)
    const later = await run({ dryRun: true })
    expect(later).toMatchObject({ links: 0, blobs: 0, objects: 1, releasedBytes: 0, freedBytes: sizes.large })
    expect({ ...later, dryRun: false }).toEqual(await run({ dryRun: false }))
    expect(await run({ dryRun: true })).toMatchObject({ links: 0, blobs: 0, objects: 0, uploads: 0, freedBytes: 0 })
  })

  test('goes on after every place it kept with the same sum', async () => {
    await leaveGarbage()
    const whole = await run({ dryRun: true })
    for (const position of kept) expect(await run({ dryRun: true }, { position })).toEqual(whole)
    const stop = new AbortController()
    const broken = run({ dryRun: false }, { signal: stop.signal, report: () => stop.abort(new Error('the end')) })
    await expect(broken).rejects.toThrow('the end')
    expect(await run({ dryRun: false }, { position: kept.at(-1) })).toEqual({ ...whole, dryRun: false })
  })

  test('says what was counted last instead of counting all there is, and when that was', async () => {
    await leaveGarbage()
    const countedAt = t.clock.now() - 60_000
    await t.database.transact(keepCount, [countedAt, null, null])
    // That of an older version knows nothing of blobs.
    expect((await run({ dryRun: true })).before).toMatchObject({ blobs: 5, countedAt: new Date(t.clock.now()).toISOString() })
    await t.database.transact(keepCount, [countedAt, 3, 200_000])
    const { before, after } = await run({ dryRun: false })
    const then = { countedAt: new Date(countedAt).toISOString() }
    expect([before, after]).toEqual([{ blobs: 3, bytes: 200_000, ...then }, { blobs: 1, bytes: 200_000 - sizes.large - sizes.small, ...then }])
    await t.database.transact(keepCount, [countedAt, 0, 0])
    await pushBlob(t.registry, 'a/one', 'what came after the count')
    t.clock.advance(settings.lease + 1)
    expect((await run({ dryRun: false })).after).toMatchObject({ blobs: 0, bytes: 0 })
  })

  test('says why nothing goes while collection is held', async () => {
    await leaveGarbage()
    await t.database.transact(holdCollection, { name: 'backup:1', until: t.clock.now() + 3_600_000, reason: 'a copy is taken' })
    expect(await run({ dryRun: false })).toMatchObject({ links: 0, blobs: 0, uploads: 0 })
    expect(lines).toEqual(['nothing is deleted for now: backup:1: a copy is taken'])
    expect(await run({ dryRun: true })).toMatchObject({ links: 4, blobs: 2, uploads: 1 })
  })

  test('takes what nothing names when it is asked to, unless such things are kept for ever', async () => {
    await expect(run({ deleteUntagged: true })).rejects.toMatchObject({ code: 'untagged-off', final: true })
    const config = { digest: await pushBlob(t.registry, 'a/one', '{}'), size: 2 }
    const rule = { settings: { ...settings, untagged: 30 * 86_400_000 } }
    await pushManifest(t.registry, 'a/one', byTag('v1'), manifestOf([], config))
    await pushManifest(t.registry, 'a/one', byTag('v1'), manifestOf([], config, { annotations: { second: 'one' } }))
    t.clock.advance(settings.lease + 1)
    expect(await run({}, {}, rule)).toMatchObject({ manifests: 0 })
    const told = await run({ dryRun: true, deleteUntagged: true }, {}, rule)
    const done = await run({ deleteUntagged: true }, {}, rule)
    expect([told.manifests, done.manifests]).toEqual([1, 1])
  })

  test('counts what is due in the trash, with the bytes that go at once', async () => {
    const retention = 7 * 86_400_000
    const registry = t.another({ retention })
    const keeping = { settings: { ...settings, retention } }
    const layer = { digest: await pushBlob(registry, 'a/one', 'l'.repeat(sizes.large)), size: sizes.large }
    const config = { digest: await pushBlob(registry, 'a/one', '{}'), size: 2 }
    const image = await pushManifest(registry, 'a/one', byTag('v1'), manifestOf([layer], config))
    for (const name of ['a/one', 'b/two']) {
      const lone = await pushBlob(registry, name, 'g'.repeat(sizes.large))
      await registry.deletes.blob(anonymous, repository(name), lone)
    }
    await registry.deletes.blob(anonymous, repository('a/one'), layer.digest)
    await registry.deletes.manifest(anonymous, repository('a/one'), byTag('v1'))
    t.clock.advance(retention - 1)
    await pushManifest(registry, 'a/one', byTag('v2'), manifestOf([], config))
    await registry.deletes.manifest(anonymous, repository('a/one'), byTag('v2'))
    expect(await run({ dryRun: true }, {}, keeping)).toMatchObject({ trash: 0, blobs: 0, releasedBytes: 0 })
    await registry.deletes.manifest(anonymous, repository('a/one'), byDigest(image))
    t.clock.advance(1)

    // Both links of the lone blob go, that of the layer stays with its manifest, which is not due.
    const untouched = await everything(t.database, t.store)
    const told = await run({ dryRun: true }, {}, keeping)
    expect(await everything(t.database, t.store)).toBe(untouched)
    expect(told).toMatchObject({ trash: 4, links: 0, blobs: 1, releasedBytes: sizes.large })
    expect(await run({}, {}, keeping)).toEqual({ ...told, dryRun: false })

    // The manifests' own bytes go with them, their layers a lease later.
    t.clock.advance(retention)
    const rest = await run({ dryRun: true }, {}, keeping)
    expect(rest).toMatchObject({ trash: 2, blobs: 1, links: 0 })
    expect(await run({}, {}, keeping)).toEqual({ ...rest, dryRun: false })
  })
})
