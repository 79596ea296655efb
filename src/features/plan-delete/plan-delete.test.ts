import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { statement, transaction } from '../../database/index.ts'
import type { Digest } from '../../oci/index.ts'
import {
  anonymous,
  byDigest,
  byTag,
  createTestRegistry,
  manifestOf,
  pushBlob,
  pushManifest,
  reportRunning,
  repository,
  settings,
  type TestRegistry,
} from '../../registry/test-registry.testing.ts'
import { clearSome, createRepositories } from '../../projects/index.ts'
import { createPlanDelete, type Sight, type Target } from './plan-delete.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? crypto.getRandomValues(new Uint32Array(1))[0])
console.log(`plans of random deletions: BERTH_TEST_SEED=${seed} makes the same ones again`)

const stored = statement<{ bytes: number }>(`
  select cast(coalesce((select sum(octet_length(bytes)) from content), 0) + coalesce((select sum(stored_size) from object), 0) as bigint) as bytes`)
const manifests = statement<{ digest: string }>(`
  select m.digest from manifest m join repository r on r.id = m.repository_id where r.path = $1 order by m.digest`)
const due = statement<{ count: number }>('select count(*) as count from gc_queue')
const many = <Row = never>(sql: string) =>
  statement<Row>({ sqlite: sql.replace('{values}', 'json_each($1)'), postgres: sql.replace('{values}', 'json_array_elements_text($1::json)') })
const addReferences = many(`
  insert into reference (repository_id, manifest_digest, child_digest, kind) select 1, $2, value, $3 from {values}`)
const addListing = many(`
  insert into reference (repository_id, manifest_digest, child_digest, kind) select 1, value, $2, 'child' from {values}`)
const addManifests = many(`
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at, subject_digest)
  select 1, value, 1, value, 'a/b', '{}', 0, $2 from {values}`)
const addBlobs = many(`insert into blob (domain_id, digest, size) select 1, value, 7 from {values}`)
const addLinks = many(`
  insert into link (repository_id, blob_id, lease_until) select 1, b.id, 0 from {values} v cross join blob b where b.domain_id = 1 and b.digest = v.value`)
const addTags = many(`
  insert into tag (repository_id, name, digest, created_at, updated_at) select 1, substr(value, 8), $2, 0, 0 from {values}`)

interface Fill {
  readonly layersOf?: string
  readonly childrenOf?: string
  readonly listing?: string
  readonly referringTo?: string
  readonly tagging?: string
  readonly count: number
}

/** Many rows at once, around one manifest. */
const fill = transaction('test.fill', async (tx, { layersOf, childrenOf, listing, referringTo, tagging, count }: Fill) => {
  const digests = JSON.stringify(Array.from({ length: count }, (_, n) => `sha256:filled-${String(n).padStart(6, '0')}`))
  if (layersOf !== undefined) {
    await tx.run(addBlobs, digests)
    await tx.run(addLinks, digests)
    await tx.run(addReferences, digests, layersOf, 'layer')
  } else if (tagging !== undefined) await tx.run(addTags, digests, tagging)
  else await tx.run(addManifests, digests, referringTo ?? null)
  if (childrenOf !== undefined) await tx.run(addReferences, digests, childrenOf, 'child')
  if (listing !== undefined) await tx.run(addListing, digests, listing)
  return { ok: null }
})

forEachDatabase('the plan of a deletion', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind, undefined, [fill])
  })
  afterEach(() => t.dispose())

  const actor = { identity: undefined, address: '127.0.0.1' }
  const everything: Sight = { everywhere: true, clusters: true }
  const plan = async (target: Partial<Target>, sight = everything) =>
    await createPlanDelete(t)({ repository: repository('team/app'), project: 1, ...target }, sight)
  const blob = async (name: string, text: string) => ({ digest: await pushBlob(t.registry, name, text), size: text.length })
  const image = async (name: string, tag: string, layers: readonly string[] = [], extra: object = {}) => {
    const pushed = []
    for (const layer of layers) pushed.push(await blob(name, layer))
    return await pushManifest(t.registry, name, byTag(tag), manifestOf(pushed, await blob(name, '{}'), { annotations: { tag }, ...extra }))
  }
  const index = async (tag: string, children: readonly string[]) =>
    await pushManifest(t.registry, 'team/app', byTag(tag), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: children.map((digest) => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 })),
    })
  const subject = (digest: string) => ({ subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }, artifactType: 'a/signature' })
  const report = async (cluster: string, ...digests: string[]) => await reportRunning(t, cluster, digests)
  /** Until nothing is left that only waits for its time. */
  const settle = async (): Promise<number> => {
    for (let round = 0; (await t.database.one(due))?.count !== 0; round++) {
      if (round > 20) throw new Error('there is always something to collect')
      t.clock.advance(Math.max(settings.lease, settings.uploadExpiry) + settings.drain + 1)
      while ((await t.collector.collectDue(1000)) > 0);
    }
    return (await t.database.one(stored))?.bytes ?? 0
  }

  test('of a tag takes the tag alone, and says what else names its manifest', async () => {
    const base = await image('team/app', 'base')
    const one = await image('team/app', 'one', ['layer'], subject(base))
    for (const tag of ['two', 'three']) await pushManifest(t.registry, 'team/app', byTag(tag), manifestOf([await blob('team/app', 'layer')], await blob('team/app', '{}'), { annotations: { tag: 'one' }, ...subject(base) }))
    const listing = await index('all', [one])
    await report('prod', one)
    t.clock.advance(1000)
    await report('stage', listing)
    const found = await plan({ tag: 'one' })
    expect(found).toMatchObject({
      kind: 'tag',
      digest: one,
      tags: { count: 1, first: ['one'] },
      manifests: { count: 0 },
      named: { tags: { count: 2, complete: true, first: ['three', 'two'] }, indexes: { count: 1, first: [{ digest: listing }] }, subject: base },
      running: { count: 2, complete: true, lastSeenAt: t.clock.now(), first: [{ cluster: 'prod', seenAt: t.clock.now() - 1000 }, { cluster: 'stage' }] },
      frees: { bytes: 0, blobs: 0 },
    })
    expect((await plan({ tag: 'one' }, { everywhere: true, clusters: false }))?.running).toMatchObject({ count: 2, first: undefined })
  })

  test('of a manifest takes its tags, and names what it leaves behind', async () => {
    const child = await image('team/app', 'child', ['own layer', 'shared layer'])
    await image('team/app', 'other', ['shared layer'])
    await image('team/base', 'base', ['own layer'])
    const listing = await index('all', [child])
    const signature = await image('team/app', 'signature', [], subject(child))
    expect(await plan({ digest: child })).toMatchObject({
      tags: { count: 1, first: ['child'] },
      manifests: { count: 1 },
      named: { tags: { count: 0 }, indexes: { count: 1, first: [{ digest: listing }] } },
      referrers: { count: 1, first: [{ digest: signature, artifactType: 'a/signature' }] },
      children: { count: 0 },
      frees: { blobs: 1, complete: true, exact: true },
      keeps: { repository: { bytes: 'shared layer{}'.length, blobs: 2 }, elsewhere: { bytes: 'own layer'.length, blobs: 1 } },
    })
    expect(await plan({ digest: listing })).toMatchObject({ children: { count: 1, first: [{ digest: child }] }, named: { indexes: { count: 0 } } })
  })

  test('tells nobody what other repositories hold who may not know', async () => {
    const own = await image('team/app', 'one', ['a layer that somebody else has as well'])
    const alone = await plan({ digest: own }, { everywhere: false, clusters: false })
    await image('secret/app', 'one', ['a layer that somebody else has as well'])
    expect(await plan({ digest: own }, { everywhere: false, clusters: false })).toEqual(alone)
    expect(alone?.frees).toMatchObject({ blobs: 3, exact: false })
    expect((await plan({ digest: own }))?.frees).toMatchObject({ exact: true, blobs: 0 })
    const whole = await plan({}, { everywhere: false, clusters: false })
    expect(whole?.frees).toMatchObject({ blobs: 3, exact: false })
  })

  test('is of nothing where there is nothing of that name', async () => {
    await image('team/app', 'one')
    expect(await plan({ tag: 'two' })).toBeUndefined()
    expect(await plan({ digest: `sha256:${'0'.repeat(64)}` as Digest })).toBeUndefined()
    expect(await plan({ repository: repository('team/none') })).toBeUndefined()
    expect(await plan({ project: 2 })).toBeUndefined()
  })

  describe('counts up to a limit', () => {
    test('layers of one image, and what a repository holds', async () => {
      const digest = await image('team/app', 'one')
      await t.database.transact(fill, { layersOf: digest, count: 9_990 })
      expect((await plan({ digest }))?.frees).toMatchObject({ bytes: expect.any(Number) as number, blobs: 9_992, complete: true })
      await image('team/app', 'two')
      const whole = await plan({})
      expect(whole?.frees).toMatchObject({ blobs: 9_993, complete: true })
    }, 180_000)

    test('and says so where there is more', async () => {
      const digest = await image('team/app', 'one')
      await t.database.transact(fill, { layersOf: digest, count: 10_500 })
      expect((await plan({ digest }))?.frees).toMatchObject({ blobs: 10_001, complete: false })
      expect((await plan({}))?.frees).toMatchObject({ blobs: 10_001, complete: false })
    }, 180_000)

    test.each([
      ['children', 'childrenOf', (found: Awaited<ReturnType<typeof plan>>) => found?.children],
      ['indexes that list it', 'listing', (found: Awaited<ReturnType<typeof plan>>) => found?.named.indexes],
      ['referrers', 'referringTo', (found: Awaited<ReturnType<typeof plan>>) => found?.referrers],
      ['tags', 'tagging', (found: Awaited<ReturnType<typeof plan>>) => found?.tags],
    ] as const)('%s', async (_name, relation, counted) => {
      const digest = await image('team/app', 'one')
      await t.database.transact(fill, { [relation]: digest, count: 1500 })
      const found = counted(await plan({ digest }))
      expect(found).toMatchObject({ count: 1000, complete: false })
      expect(found?.first.length).toBe(100)
    }, 180_000)
  })

  describe('frees what it says, whatever is shared', () => {
    const names = ['team/app', 'team/base', 'other/app']
    let random = createNumbers(seed)
    beforeEach(() => void (random = createNumbers(seed)))
    const pick = <T>(of: readonly T[]): T => of[random(of.length)] as T
    const present = async (name: string) => (await t.database.all(manifests, name)).map(({ digest }) => digest)

    async function pushSome(): Promise<void> {
      const layers = Array.from({ length: 8 }, (_, n) => String(n).repeat(n % 3 === 0 ? 33_000 + n : 10 + n))
      for (let push = 0; push < 25; push++) {
        const name = pick(names)
        const there = await present(name)
        if (name === 'team/app' && there.length > 0 && random(4) === 0) await index(`i${random(3)}`, [pick(there), pick(there)].filter((digest, at, all) => all.indexOf(digest) === at))
        else await image(name, `t${push}-${random(2)}`, layers.filter(() => random(3) === 0), there.length > 0 && random(4) === 0 ? subject(pick(there)) : {})
      }
    }

    interface Random {
      readonly name: string
      readonly target: Pick<Target, 'repository' | 'project'> & Partial<Target>
    }

    /** A manifest, or everything; absent where nothing is left. */
    async function pickTarget(name: string, whole: boolean): Promise<Random | undefined> {
      const there = await present(name)
      if (there.length === 0) return undefined
      const place = { repository: repository(name), project: (await plan({ repository: repository(name) })) === undefined ? 2 : 1 }
      return { name, target: whole ? place : { ...place, digest: pick(there) } }
    }

    async function remove({ name, target: { repository: path, project, digest } }: Random, retention: number): Promise<void> {
      if (digest === undefined) await createRepositories(t.database, retention).remove({ repository: name, project, actor })
      else await t.another({ retention }).deletes.manifest(anonymous, path, byDigest(digest as Digest))
    }

    test('at once where there is no trash', async () => {
      await pushSome()
      let before = await settle()
      for (let deletion = 0; deletion < 14; deletion++) {
        const picked = await pickTarget(pick(names), random(6) === 0)
        if (picked === undefined) continue
        const planned = await plan(picked.target)
        await remove(picked, 0)
        const after = await settle()
        expect({ deletion, ...picked, freed: before - after }).toEqual({ deletion, ...picked, freed: planned?.frees.bytes ?? -1 })
        before = after
      }
    }, 120_000)

    test('when its time in the trash is over, and nothing before', async () => {
      const retention = 7 * 86_400_000
      await pushSome()
      let before = await settle()
      const collect = async () => {
        while (await clearSome(t.database, t.clock));
        while ((await t.collector.collectDue(1000)) > 0);
      }
      const compared: number[] = []
      for (let round = 0; round < 10; round++) {
        const name = pick(names)
        const first = await pickTarget(name, random(6) === 0)
        if (first === undefined) continue
        const planned = await plan(first.target)
        await remove(first, retention)
        // Another one of the same repository goes after it, while it is in the trash.
        t.clock.advance(settings.lease)
        const second = first.target.digest === undefined || random(2) === 0 ? undefined : await pickLiving(name)
        const further = second && (await plan(second.target))
        if (second !== undefined) await remove(second, retention)
        t.clock.advance(retention - settings.lease - 1)
        await collect()
        expect({ round, first, second, stored: (await t.database.one(stored))?.bytes }).toEqual({ round, first, second, stored: before })
        t.clock.advance(settings.lease + 1)
        await collect()
        const after = await settle()
        const freed = before - after
        const least = (planned?.frees.bytes ?? NaN) + (further?.frees.bytes ?? 0)
        // What both need goes with the second; other repositories may have it too.
        const most = least + (further?.keeps.trash.bytes ?? 0)
        expect({ round, first, second, freed, isTrue: freed >= least && freed <= most }).toMatchObject({ isTrue: true })
        before = after
        compared.push(freed)
      }
      expect(compared.filter((freed) => freed > 0).length).toBeGreaterThan(2)
    }, 120_000)

    /** One that is not in the trash. */
    async function pickLiving(name: string): Promise<Random | undefined> {
      for (let tries = 0; tries < 10; tries++) {
        const picked = await pickTarget(name, false)
        if (picked === undefined || (await plan(picked.target)) !== undefined) return picked
      }
      return undefined
    }
  })
})

/** Numbers below a limit that depend on the seed alone. */
function createNumbers(from: number): (limit: number) => number {
  let state = from >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
