import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { statement } from '../database/index.ts'
import { createGenerator } from '../lib/index.ts'
import type { Digest } from '../oci/index.ts'
import { createCollector, holdCollection, type Collector, type RegistrySettings } from './index.ts'
import { anonymous, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, reportRunning, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const [name, hour, day] = ['team/app', 3_600_000, 86_400_000]
const untagged = 30 * day
const imageType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const allManifests = statement<{ digest: Digest }>('select digest from manifest where deleted_at is null order by digest')
const allTrash = statement<{ id: number; kind: string; digest: string; cause: string }>('select id, kind, digest, cause from trash order by id')
const allNoted = statement<{ digest: string }>('select digest from unnamed_manifest order by digest')

forEachDatabase('the rule about untagged manifests', (kind) => {
  let t: TestRegistry
  let config: { digest: Digest; size: number }
  let made = 0
  beforeEach(async () => {
    t = await createTestRegistry(kind)
    config = { digest: await pushBlob(t.registry, name, '{}'), size: 2 }
    made = 0
  })
  afterEach(() => t.dispose())

  const collector = (changes: Partial<RegistrySettings> = {}): Collector => createCollector({ ...t, settings: { ...settings, untagged, ...changes } })
  const collect = async (by: Collector = collector()): Promise<void> => {
    while ((await by.collectDue(200)) > 0);
  }
  const later = async (ms: number): Promise<void> => {
    t.clock.advance(ms)
    await collect()
  }
  const here = async (): Promise<Digest[]> => (await t.database.all(allManifests)).map(({ digest }) => digest)
  const referenceOf = (digest: Digest, mediaType: string) => ({ mediaType, digest, size: 1 })

  async function pushImage(tag: string | undefined, extra: object = {}): Promise<Digest> {
    const document = manifestOf([], config, { annotations: { n: String(++made) }, ...extra })
    return await push(tag, document)
  }
  async function pushIndex(tag: string | undefined, children: readonly Digest[], extra: object = {}): Promise<Digest> {
    const manifests = children.map((digest) => referenceOf(digest, imageType))
    return await push(tag, { schemaVersion: 2, mediaType: indexType, manifests, annotations: { n: String(++made) }, ...extra })
  }
  async function push(tag: string | undefined, document: object): Promise<Digest> {
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(JSON.stringify(document)).digest('hex')}` as Digest
    return await pushManifest(t.registry, name, tag === undefined ? byDigest(digest) : byTag(tag), document)
  }
  const untag = async (tag: string) => await t.registry.deletes.manifest(anonymous, repository(name), byTag(tag))
  const remove = async (digest: Digest) => await t.registry.deletes.manifest(anonymous, repository(name), byDigest(digest))

  test('takes what no tag has named for so long, and no sooner', async () => {
    const [first, second] = [await pushImage('v1'), await pushImage('v1')]
    const pushed = await pushImage(undefined)
    const kept = await pushImage('kept')
    await later(untagged - hour)
    expect(await here()).toEqual([first, second, pushed, kept].toSorted())
    await later(hour)
    expect(await here()).toEqual([second, kept].toSorted())
    await untag('kept')
    await later(untagged - 1)
    expect(await here()).toEqual([second, kept].toSorted())
    await later(1)
    expect(await here()).toEqual([second])
    expect(await t.database.all(allNoted)).toEqual([])
  })

  test('leaves what runs in a cluster, and takes it as long after that as after its last tag', async () => {
    const [running] = [await pushImage(undefined), await pushImage(undefined)]
    t.clock.advance(untagged - 1)
    await reportRunning(t, 'prod', [running])
    await later(1)
    expect(await here()).toEqual([running])
    await later(untagged - 1)
    expect(await here()).toEqual([running])
    await later(1)
    expect(await here()).toEqual([])
  })

  test('never when it is off, and begins with what was left by then once it is on', async () => {
    const left = await pushImage(undefined)
    t.clock.advance(400 * day)
    await collect(createCollector({ ...t, settings }))
    expect(await here()).toEqual([left])
    await collect()
    expect(await here()).toEqual([])
  })

  test('even at once it leaves a lease to whoever pushes an index after its images', async () => {
    const [image, stray] = [await pushImage(undefined), await pushImage(undefined)]
    const atOnce = collector({ untagged: 0 })
    t.clock.advance(settings.lease - 1)
    await collect(atOnce)
    const index = await pushIndex('list', [image])
    t.clock.advance(1)
    await collect(atOnce)
    expect(await here()).toEqual([image, index].toSorted())
    expect(stray).not.toBe(image)
  })

  test('a re-push begins the time anew, and so does a tag that comes and goes', async () => {
    const document = manifestOf([], config)
    const digest = await push(undefined, document)
    await later(untagged - 1)
    await push(undefined, document)
    await later(untagged - 1)
    expect(await here()).toEqual([digest])
    await push('v1', document)
    await untag('v1')
    await later(untagged - 1)
    expect(await here()).toEqual([digest])
    await later(1)
    expect(await here()).toEqual([])
  })

  test('an index keeps its images, in any depth, and when it goes they go after it', async () => {
    const image = await pushImage(undefined)
    const inner = await pushIndex(undefined, [image])
    const outer = await pushIndex('list', [inner])
    await later(10 * untagged)
    expect(await here()).toEqual([image, inner, outer].toSorted())
    await untag('list')
    await later(untagged)
    // Nothing had named them but what nothing named itself: all of it goes in one run.
    expect(await here()).toEqual([])
  })

  test('a manifest that was deleted leaves what it named to the rule', async () => {
    const [image, subject] = [await pushImage(undefined), await pushImage('subject')]
    const index = await pushIndex('list', [image])
    const referrer = await pushImage(undefined, { subject: referenceOf(subject, imageType) })
    await later(2 * untagged)
    expect(await here()).toEqual([image, subject, index, referrer].toSorted())
    await remove(index)
    await remove(subject)
    await later(untagged - 1)
    expect(await here()).toEqual([image, referrer].toSorted())
    await later(1)
    expect(await here()).toEqual([])
  })

  test('of the referrers of a manifest that is gone it notes a page at a time', async () => {
    const subject = await pushImage('subject')
    const referrers = []
    for (let n = 0; n < 1_001; n++) referrers.push(await pushImage(undefined, { subject: referenceOf(subject, imageType) }))
    await later(2 * untagged)
    expect((await here()).length).toBe(1_002)
    await remove(subject)
    await later(untagged)
    expect(await here()).toEqual([])
    expect(await t.database.all(allNoted)).toEqual([])
  }, 180_000)

  test('does nothing while collection is held', async () => {
    const image = await pushImage(undefined)
    await t.database.transact(holdCollection, { name: 'backup:1', until: t.clock.now() + 2 * untagged, reason: 'a copy is taken' })
    await later(untagged)
    expect(await here()).toEqual([image])
    await later(2 * untagged)
    expect(await here()).toEqual([])
  })

  test('goes through the trash where there is one, and comes back from there', async () => {
    const retention = 7 * day
    const withTrash = collector({ retention })
    const inTrash = async () => await t.database.all(allTrash)
    const document = manifestOf([], config)
    const image = await push(undefined, document)
    t.clock.advance(untagged)
    await collect(withTrash)
    expect(await here()).toEqual([])
    expect(await inTrash()).toMatchObject([{ kind: 'manifest', digest: image, cause: 'rule' }])
    await push(undefined, document)
    expect([await here(), await inTrash()]).toEqual([[image], []])
    t.clock.advance(untagged)
    await collect(withTrash)
    const [row] = await inTrash()
    await t.registry.trash.restore(anonymous, row?.id ?? 0)
    expect([await here(), await inTrash()]).toEqual([[image], []])
    // Restored without a tag it has as long again.
    t.clock.advance(untagged)
    await collect(withTrash)
    t.clock.advance(retention)
    await collect(withTrash)
    expect([await here(), await inTrash(), await t.database.all(allNoted)]).toEqual([[], [], []])
  })

  test('leaves what a tag in the trash would need', async () => {
    const retention = 7 * day
    const image = await pushImage('v1')
    await t.another({ retention }).deletes.manifest(anonymous, repository(name), byTag('v1'))
    const atOnce = collector({ untagged: 0, retention })
    t.clock.advance(retention - 1)
    await collect(atOnce)
    expect(await here()).toEqual([image])
    t.clock.advance(settings.lease)
    await collect(atOnce)
    t.clock.advance(settings.lease)
    await collect(atOnce)
    expect(await here()).toEqual([])
  })

  test('2^20 ways through 40 manifests take no longer than their edges', async () => {
    let layer = [await pushImage(undefined), await pushImage(undefined)]
    for (let depth = 0; depth < 19; depth++) layer = [await pushIndex(undefined, layer), await pushIndex(undefined, layer)]
    await pushIndex('top', layer)
    await later(2 * untagged)
    expect((await here()).length).toBe(41)
    await untag('top')
    const begun = performance.now()
    await later(untagged)
    expect(await here()).toEqual([])
    expect(performance.now() - begun).toBeLessThan(20_000)
  }, 180_000)

  const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

  describe(`of graphs made at random (BERTH_TEST_SEED=${seed})`, () => {
    test('what a walk from the tags reaches is kept, and nothing else', async () => {
      for (let round = 0; round < 8; round++) await agreeOn(createGenerator([seed, round, 1, 1]), `r${round}`)
    }, 120_000)
  })

  interface Node {
    readonly digest: Digest
    readonly children: readonly Digest[]
    readonly subject: Digest | undefined
  }

  /** Pushes a graph, takes tags and manifests away, and compares what is left with what a walk finds. */
  async function agreeOn(random: () => number, prefix: string): Promise<void> {
    await pushBlob(t.registry, name, '{}')
    const below = (limit: number): number => random() % limit
    const nodes: Node[] = []
    const tags = new Map<string, Digest>()
    const some = (): Digest[] => (nodes.length === 0 ? [] : Array.from({ length: below(4) }, () => (nodes[below(nodes.length)] as Node).digest))
    for (let n = 0; n < 24; n++) {
      const children = [...new Set(below(3) === 0 ? [] : some())]
      const subject = children.length === 0 && below(3) === 0 ? some()[0] : undefined
      const tag = below(3) === 0 ? `${prefix}-${below(6)}` : undefined
      const extra = subject === undefined ? {} : { subject: referenceOf(subject, imageType) }
      const digest = children.length === 0 ? await pushImage(tag, extra) : await pushIndex(tag, children, extra)
      nodes.push({ digest, children, subject })
      if (tag !== undefined) tags.set(tag, digest)
    }
    const gone = new Set<Digest>()
    for (const tag of [...tags.keys()].filter(() => below(2) === 0)) {
      await untag(tag)
      tags.delete(tag)
    }
    for (const { digest } of nodes.filter(() => below(8) === 0)) {
      await remove(digest)
      gone.add(digest)
      for (const [tag, named] of tags) if (named === digest) tags.delete(tag)
    }
    await later(untagged)
    await later(untagged)
    expect(await here()).toEqual([...reached(nodes.filter(({ digest }) => !gone.has(digest)), new Set(tags.values()))].toSorted())
    for (const tag of tags.keys()) await untag(tag)
    await later(untagged)
    await later(untagged)
    expect([await here(), await t.database.all(allNoted)]).toEqual([[], []])
  }

  function reached(nodes: readonly Node[], kept: Set<Digest>): Set<Digest> {
    for (let before = -1; before < kept.size; ) {
      before = kept.size
      for (const { digest, children, subject } of nodes) {
        if (subject !== undefined && kept.has(subject)) kept.add(digest)
        if (kept.has(digest)) for (const child of children) if (nodes.some((node) => node.digest === child)) kept.add(child)
      }
    }
    return kept
  }
})
