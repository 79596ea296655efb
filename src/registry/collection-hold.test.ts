import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Statement } from '../database/index.ts'
import { transactions } from '../transactions.ts'
import { holdCollection, releaseCollection } from './index.ts'
import { anonymous, bodyOf, createTestRegistry, pushBlob, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const sql = <Row>(name: string, text: string): Statement<Row> => ({ name, sqlite: text, postgres: text })
const rowsLeft = sql<{ objects: number; blobs: number; links: number; uploads: number }>(
  'left',
  `select (select count(*) from object) as objects, (select count(*) from blob) as blobs,
    (select count(*) from link) as links, (select count(*) from upload) as uploads`,
)
const due = sql<{ kind: string; key: string; due_at: number }>('queue', 'select kind, key, due_at from gc_queue')

forEachDatabase('while collection is held', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  const hold = (until: number | null) => t.database.transact(holdCollection, { name: 'backup:1', until, reason: 'a backup runs' })
  const left = () => t.database.one(rowsLeft)
  const collectAll = async (): Promise<void> => {
    while ((await t.collector.collectDue(100)) > 0);
  }

  /** Garbage of every kind: a link and a blob, an expired session with an object, and an object that is doomed. */
  async function makeGarbage(): Promise<void> {
    await pushBlob(t.registry, 'a', 'x'.repeat(100_000))
    const { id } = await t.registry.uploads.begin(anonymous, repository('a'))
    await t.registry.uploads.append(anonymous, repository('a'), id, bodyOf('y'.repeat(100_000)))
    t.clock.advance(Math.max(settings.lease, settings.uploadExpiry) + 1)
  }

  test('the collector looks at nothing, and each of its steps changes nothing but when it comes again', async () => {
    await makeGarbage()
    const before = await left()
    await hold(null)
    await collectAll()
    expect(await left()).toEqual(before)
    for (const { kind: of, key } of await t.database.all(due)) {
      const [name, input] = {
        link: ['collect link', { repositoryId: Number(key.split(':')[0]), blobId: Number(key.split(':')[1]) }],
        blob: ['collect blob', { blobId: Number(key) }],
        object: ['collect object', { objectId: key }],
        upload: ['expire upload', { id: key }],
      }[of] as [string, object]
      const step = transactions.get(name)
      if (step === undefined) throw new Error(name)
      const outcome = await t.database.transact(step, { ...input, drain: 0 })
      expect(JSON.stringify(outcome)).toContain('held')
    }
    expect(await left()).toEqual(before)
    const soon = t.clock.now() + 60_000
    const queue = await t.database.all(due)
    expect(new Set(queue.map(({ kind: of }) => of))).toEqual(new Set(['link', 'object', 'upload']))
    expect(queue.map(({ due_at }) => due_at)).toEqual(queue.map(() => soon))
  })

  test('a release lets it go on', async () => {
    await makeGarbage()
    await hold(null)
    await collectAll()
    expect((await t.collector.holds()).map(({ name }) => name)).toEqual(['backup:1'])
    await t.database.transact(releaseCollection, { name: 'backup:1' })
    expect(await t.collector.holds()).toEqual([])
    await collectAll()
    t.clock.advance(settings.drain + 1)
    await collectAll()
    expect(await left()).toEqual({ objects: 0, blobs: 0, links: 0, uploads: 0 })
  })

  test('its end comes by itself unless it is renewed, and the next hold forgets it', async () => {
    await makeGarbage()
    await hold(t.clock.now() + 1000)
    t.clock.advance(900)
    await hold(t.clock.now() + 1000)
    t.clock.advance(900)
    expect(await t.collector.collectDue(100)).toBe(0)
    t.clock.advance(100)
    expect(await t.collector.holds()).toEqual([])
    expect(await t.collector.collectDue(100)).toBeGreaterThan(0)
    await t.database.transact(holdCollection, { name: 'rebuilt', until: null, reason: 'a rebuilt index' })
    expect(await t.database.all(sql('holds', 'select name from collection_hold'))).toEqual([{ name: 'rebuilt' }])
  })
})
