import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Tag } from '../oci/index.ts'
import { allowAll, clearProject, createCollector, holdCollection, type Authorize } from './index.ts'
import { anonymous, byDigest, byTag, pushBlob, pushManifest, repository, settings } from './test-registry.testing.ts'
import { app, codeOf, createTestTrash, everything, page, retention, sql, type TestTrash } from './trash.testing.ts'

const objectsLeft = sql<{ count: number }>('trash_objects', 'select count(*) as count from object')
const eventsSaid = sql<{ kind: string; keys: string; actor: string | null }>('trash_events', 'select kind, keys, actor from event order by seq')

forEachDatabase('what is in the trash', (kind) => {
  let h: TestTrash
  beforeEach(async () => {
    h = await createTestTrash(kind)
  })
  afterEach(() => h.t.dispose())

  describe('ends', () => {
    test('when it is due, and what nothing else holds goes with it', async () => {
      const { digest, layer } = await h.pushImage('v1', 'one')
      const lone = await pushBlob(h.registry, 'team/app', 'lone'.repeat(20_000))
      await h.remove(byTag('v1'))
      await h.remove(byDigest(digest))
      await h.registry.deletes.blob(anonymous, app, lone)
      await h.registry.deletes.blob(anonymous, app, layer)
      expect((await h.listed()).length).toBe(4)
      h.t.clock.advance(retention)
      await h.collectAll()
      expect([await h.listed(), await codeOf(() => h.trash().restore(anonymous, 1))]).toEqual([[], 'TRASH_UNKNOWN'])
      h.t.clock.advance(settings.lease + settings.drain + 1)
      await h.collectAll()
      h.t.clock.advance(settings.drain + 1)
      await h.collectAll()
      expect([await h.left(), Number((await h.t.database.one(objectsLeft))?.count)]).toEqual([[0, 0], 0])
    })

    test('piece by piece: each is whole or gone, whichever process goes on after a kill', async () => {
      const images = [await h.pushImage('v1', 'one'), await h.pushImage('v2', 'two'), await h.pushImage('v3', 'three')]
      for (const { digest } of images) await h.remove(byDigest(digest))
      h.t.clock.advance(retention - 1)
      await h.collectAll()
      h.t.clock.advance(1)
      await createCollector({ ...h.t, settings: { ...settings, retention } }).collectDue(1)
      const entries = await h.listed()
      expect(entries.length).toBe(2)
      const [last] = entries
      expect((await h.trash().restore(anonymous, last?.id ?? 0)).tags).toEqual(last?.tags ?? [])
      for (let n = 0; n < 20; n++) {
        await createCollector({ ...h.t, settings: { ...settings, retention } }).collectDue(1)
        h.t.clock.advance(settings.lease / 10)
      }
      const answers = []
      for (const { digest, layer } of images) answers.push([await h.pull(byDigest(digest)), await h.blob(layer)])
      const restored = images.findIndex(({ digest }) => digest === last?.digest)
      expect(answers).toEqual(images.map((_, n) => (n === restored ? ['ok', 'ok'] : ['MANIFEST_UNKNOWN', 'BLOB_UNKNOWN'])))
      expect(await h.left()).toEqual([0, 0])
    })

    test('later where its purge fails, and the others are ended all the same', async () => {
      const [first, second] = [await h.pushImage('v1', 'one'), await h.pushImage('v2', 'two')]
      for (const { digest } of [first, second]) await h.remove(byDigest(digest))
      await h.alter(`update trash set digest = null where digest = '${first.digest}'`)
      h.t.clock.advance(retention)
      const collector = createCollector({ ...h.t, settings: { ...settings, retention } })
      expect(await collector.collectDue(100).catch((error: unknown) => error)).toBeInstanceOf(AggregateError)
      expect((await h.listed()).map(({ tags: names }) => names)).toEqual([['v1' as Tag]])
      await h.alter(`update trash set digest = '${first.digest}' where digest is null`)
      await h.collectAll()
      expect((await h.listed()).length).toBe(1)
      h.t.clock.advance(600_000)
      await h.collectAll()
      expect(await h.listed()).toEqual([])
    })

    test('not while collection is held', async () => {
      const { digest } = await h.pushImage('v1', 'one')
      await h.remove(byDigest(digest))
      h.t.clock.advance(retention)
      await h.t.database.transact(holdCollection, { name: 'backup:1', until: h.t.clock.now() + 1_000, reason: 'a backup runs' })
      await h.collectAll()
      expect((await h.listed()).length).toBe(1)
      h.t.clock.advance(1_001)
      await h.collectAll()
      expect(await h.listed()).toEqual([])
    })

    test('at once for whoever purges it, with a fresh lease for its children', async () => {
      const { digest, layer } = await h.pushImage('v1', 'one')
      await h.remove(byDigest(digest))
      const id = await h.only()
      h.t.clock.advance(settings.lease + 1)
      await h.collectAll()
      await h.trash().purge(anonymous, id)
      expect([await codeOf(() => h.trash().purge(anonymous, id)), await codeOf(() => h.trash().restore(anonymous, id))]).toEqual(['TRASH_UNKNOWN', 'TRASH_UNKNOWN'])
      h.t.clock.advance(settings.lease - 1)
      await h.collectAll()
      expect(await h.blob(layer)).toBe('ok')
    })

    test('and leaves a blob hidden that a manifest refers to', async () => {
      const { layer, digest } = await h.pushImage('v1', 'one')
      await h.registry.deletes.blob(anonymous, app, layer)
      await h.trash().purge(anonymous, await h.only())
      h.t.clock.advance(settings.lease + 1)
      await h.collectAll()
      expect([await h.blob(layer), await h.pull(byDigest(digest)), await h.left()]).toEqual(['BLOB_UNKNOWN', 'ok', [0, 1]])
    })
  })

  test('with 0 there is none: what is deleted is gone', async () => {
    const before = h
    h = await createTestTrash(kind, 0)
    await before.t.dispose()
    const { digest } = await h.pushImage('v1', 'one')
    const lone = await pushBlob(h.registry, 'team/app', 'lone'.repeat(20_000))
    await h.registry.deletes.blob(anonymous, app, lone)
    await h.remove(byTag('v1'))
    await h.remove(byDigest(digest))
    expect([await h.listed(), await h.left()]).toEqual([[], [0, 0]])
  })

  test('of a project is listed newest first, by pages, of all its repositories or one, of all kinds or one', async () => {
    for (let n = 0; n < 7; n++) {
      const content = `image ${n}`
      await h.pushImage(`v${n}`, content)
      await h.remove(byTag(`v${n}`))
    }
    const elsewhere = await pushBlob(h.registry, 'team/other', 'x')
    await h.registry.deletes.blob(anonymous, repository('team/other'), elsewhere)
    const found: (string | undefined)[] = []
    let last: number | undefined
    do {
      const { entries, next } = await h.trash().list(anonymous, everything, { limit: 3, last })
      expect(entries.length).toBeLessThanOrEqual(3)
      found.push(...entries.map(({ tag, digest }) => tag ?? digest))
      last = next
    } while (last !== undefined)
    expect(found).toEqual([elsewhere, 'v6', 'v5', 'v4', 'v3', 'v2', 'v1', 'v0'])
    expect((await h.listed({ project: 'team', repository: repository('team/other') })).map(({ digest }) => digest)).toEqual([elsewhere])
    expect((await h.listed({ project: 'team', kind: 'blob' })).length).toBe(1)
    expect(await codeOf(() => h.listed({ project: 'nobody' }))).toBe('NAME_UNKNOWN')
    // It could be in the trash itself, where it would be found by its path.
    expect(await h.listed({ project: 'team', repository: repository('team/none') })).toEqual([])
  })

  test('leaves events that say who did what to what', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    const alice = { ...anonymous, identity: 'alice' }
    await h.registry.deletes.manifest(alice, app, byDigest(digest))
    const id = await h.only()
    await h.registry.trash.restore(alice, id)
    await h.registry.deletes.manifest(alice, app, byTag('v1'))
    await h.registry.trash.purge(alice, await h.only())
    const events = (await h.t.database.all(eventsSaid)).slice(-4).map(({ kind: what, keys, actor }) => [what, actor, JSON.parse(keys)])
    expect(events).toEqual([
      ['manifest.delete', 'alice', { digest, tags: ['v1'], before: 'live', after: 'trash', trash: id }],
      ['manifest.restore', 'alice', { digest, tags: ['v1'], manifests: [], before: 'trash', after: 'live', trash: id }],
      ['tag.delete', 'alice', { tags: ['v1'], before: digest, after: null, trash: id + 1 }],
      ['tag.purge', 'alice', { tags: ['v1'], digest, before: 'trash', after: null, trash: id + 1 }],
    ])
  })

  describe('is for whoever may', () => {
    const may = (...actions: string[]): Authorize => (question) => (actions.includes(question.action) ? allowAll(question) : { allowed: false, rule: 'no grant', hidden: true })
    const asking = (authorize: Authorize) => h.t.as(authorize, { retention })

    test('restore: who may not sees nothing of it, not that it is there either', async () => {
      await h.pushImage('v1', 'one')
      await h.remove(byTag('v1'))
      const id = await h.only()
      const other = asking(may('pull', 'push', 'delete', 'purge'))
      expect([await codeOf(() => other.trash.get(anonymous, id)), await codeOf(() => other.trash.restore(anonymous, id))]).toEqual(['TRASH_UNKNOWN', 'TRASH_UNKNOWN'])
      expect(await other.trash.list(anonymous, everything, page)).toEqual({ entries: [], next: undefined })
      expect(await codeOf(() => other.trash.list(anonymous, { ...everything, repository: app }, page))).toBe('DENIED')
      expect((await h.trash().get(anonymous, id)).tag).toBe('v1' as Tag)
    })

    test('purge: who may only restore may not', async () => {
      await h.pushImage('v1', 'one')
      await h.remove(byTag('v1'))
      const id = await h.only()
      const known: Authorize = (question) => (question.action === 'purge' ? { allowed: false, rule: 'no grant of content.purge there' } : allowAll(question))
      expect([await codeOf(() => asking(known).trash.purge(anonymous, id)), await codeOf(() => h.trash().get(anonymous, id))]).toEqual(['DENIED', 'ok'])
    })

    test('create the tag: a rule about it holds for its return as well', async () => {
      const { digest } = await h.pushImage('v1', 'one')
      await pushManifest(h.registry, 'team/app', byTag('v2'), JSON.parse(await h.bytesOf(byTag('v1'))) as object)
      const guarded = asking((question) => (question.action === 'push' && question.tag === 'v1' ? { allowed: false, rule: 'tag rule v1' } : allowAll(question)))
      await h.remove(byTag('v1'))
      expect(await codeOf(async () => guarded.trash.restore(anonymous, await h.only()))).toBe('DENIED')
      await h.trash().restore(anonymous, await h.only())
      await h.remove(byDigest(digest))
      expect(await guarded.trash.restore(anonymous, await h.only())).toEqual({ tags: ['v2'], leftOut: [{ tag: 'v1', reason: 'denied' }], manifests: [] } as never)
    })
  })

  test('of a project that is cleared goes with it', async () => {
    await h.pushImage('v1', 'one')
    await h.remove(byTag('v1'))
    await h.alter(`update namespace set state = 'deleting'`)
    for (let step = ''; step !== 'done'; ) {
      const outcome = await h.t.database.transact(clearProject, { project: 1 })
      step = 'ok' in outcome ? outcome.ok : 'refused'
      expect(step).not.toBe('refused')
    }
    expect(await h.left()).toEqual([0, 0])
  })
})
