import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { transaction, type Statement, type Tx, type Value } from '../database/index.ts'
import { digestBytes, parseTag, type Digest } from '../oci/index.ts'
import { beginningOf, tagEventsBefore, tagEventUpTo, tagOrders, tagPageIn, type Direction, type TagOrder, type TagPlace } from './tag-list-store.ts'
import { anonymous, byDigest, byTag, createTestRegistry, repository, type TestRegistry } from './test-registry.testing.ts'

const name = repository('team/app')
const code = (promise: Promise<unknown>) => promise.then(() => 'ok', (error: { code: string }) => error.code)
const manifest = (n: number, length = 0) => new TextEncoder().encode(`{"schemaVersion":2,"manifests":[],"annotations":{"n":"${n}","filler":"${'.'.repeat(length)}"}}`)
const directions = ['asc', 'desc'] as const
const statementOf = (text: string) => ({ name: `test ${crypto.randomUUID()}`, sqlite: text.replace(/\$(\d)/g, '?$1'), postgres: text })
const write = transaction('test: write', async (tx: Tx, input: { readonly text: string; readonly values: readonly Value[] }) => {
  await tx.run(statementOf(input.text), ...input.values)
  return { ok: null }
})

forEachDatabase('tags', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind, undefined, [write])
  })
  afterEach(() => t.dispose())

  const alice = { ...anonymous, identity: 'alice' }
  const put = async (tag: string, n: number, length = 0): Promise<Digest> => {
    t.clock.advance(1000)
    const upload = { contentType: undefined, bytes: manifest(n, length), tags: [] }
    return (await t.registry.push.manifest(alice, name, byTag(tag), upload)).digest
  }
  const v1 = parseTag('v1')
  const pointsAt = async (tag = v1) => (await t.registry.tags.get(anonymous, name, tag)).digest
  const sql = async (text: string, ...values: Value[]) => void (await t.database.transact(write, { text, values }))

  async function inPages(order: TagOrder, direction: Direction, limit: number): Promise<string[]> {
    const found: string[] = []
    for (let after: TagPlace | undefined; ; ) {
      const page = await t.registry.tags.list(anonymous, name, { order, direction, limit, after })
      found.push(...page.tags.map((tag) => tag.name))
      if (page.next === undefined) return found
      expect(page.tags.length).toBe(limit)
      after = page.next
    }
  }

  describe('are listed', () => {
    test('in five orders, both ways, whatever the pages', async () => {
      // Pushed in this order, each with a manifest of another size.
      const tags = [['v1.10', 30], ['latest', 10], ['v2.0', 50], ['v1.9', 20], ['v2.0-rc1', 40]] as const
      for (const [n, [tag, length]] of tags.entries()) await put(tag, n, length)
      await sql(`update tag set pulled_at = 7 where name in ('latest', 'v1.9')`)
      const expected = {
        name: ['latest', 'v1.10', 'v1.9', 'v2.0', 'v2.0-rc1'],
        version: ['latest', 'v1.9', 'v1.10', 'v2.0-rc1', 'v2.0'],
        pushed: ['v1.10', 'latest', 'v2.0', 'v1.9', 'v2.0-rc1'],
        pulled: ['v1.10', 'v2.0', 'v2.0-rc1', 'latest', 'v1.9'],
        size: ['latest', 'v1.9', 'v1.10', 'v2.0-rc1', 'v2.0'],
      }
      for (const order of tagOrders) {
        for (const limit of [1, 2, 5, 9]) {
          expect([order, await inPages(order, 'asc', limit)]).toEqual([order, expected[order]])
          expect([order, await inPages(order, 'desc', limit)]).toEqual([order, expected[order].toReversed()])
        }
      }
      expect(await code(t.registry.tags.list(anonymous, repository('team/nothing'), { order: 'name', direction: 'asc', limit: 5, after: undefined }))).toBe('NAME_UNKNOWN')
    })

    test('and looked up in the history by index alone, on tables that are full', async () => {
      await put('v1', 1)
      if (kind.dialect === 'postgres') {
        await sql(`insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at)
          select 1, 'x' || n, m.blob_id, 'x', 'm', '{}', 0 from manifest m, generate_series(1, 20000) n`)
        await sql(`insert into tag (repository_id, name, digest, created_at, updated_at, version_key, pulled_at, size)
          select 1, 'w' || n, t.digest, n, n, 'w' || n, n, n from tag t, generate_series(1, 20000) n`)
        await sql(`insert into tag_event (repository_id, name, at, to_digest) select 1, 'w' || n % 5, n, 'd' from generate_series(1, 50000) n`)
        await sql('analyze')
      }
      const statements = tagOrders.flatMap((order) => directions.map((direction) => [tagPageIn(order, direction), [1, ...beginningOf(order, direction), 51]] as const))
      const looks: readonly (readonly [Statement<unknown>, readonly Value[]])[] = [...statements, [tagEventsBefore, [1, 'w1', 40_000, 40_000, 51]], [tagEventUpTo, [1, 'w1', 40_000]]]
      for (const [statement, values] of looks) {
        const plan = kind.dialect === 'postgres' ? `explain ${statement.postgres}` : `explain query plan ${statement.sqlite}`
        const lines = (await t.database.all<Record<string, unknown>>(statementOf(plan), ...values)).map((row) => Object.values(row).join(' ')).join('\n')
        expect(lines).not.toMatch(kind.dialect === 'postgres' ? /Sort|Seq Scan/ : /SCAN|TEMP B-TREE/)
        expect(lines).toMatch(/index/i)
      }
    })
  })

  describe('have a history', () => {
    test('of every move, with who and when, that outlives the tag', async () => {
      const [a, b] = [await put('v1', 1), await put('v1', 2)]
      t.clock.advance(1000)
      await t.registry.deletes.manifest({ ...anonymous, identity: 'bob' }, name, byTag('v1'))
      const at = (n: number) => 1_700_000_000_000 + n * 1000
      const moves = [
        { at: at(3), by: 'bob', from: b, to: undefined },
        { at: at(2), by: 'alice', from: a, to: b },
        { at: at(1), by: 'alice', from: undefined, to: a },
      ]
      const first = await t.registry.tags.history(anonymous, name, v1, { limit: 2, after: undefined })
      const second = await t.registry.tags.history(anonymous, name, v1, { limit: 2, after: first.next })
      expect([...first.moves, ...second.moves]).toMatchObject(moves)
      expect(second.next).toBeUndefined()
      for (const [moment, digest] of [[at(1), a], [at(2) - 1, a], [at(2), b], [at(3) - 1, b]] as const) {
        expect(await t.registry.tags.at(anonymous, name, v1, moment)).toMatchObject({ digest, manifest: 'here' })
      }
      for (const moment of [0, at(1) - 1, at(3), at(9)]) expect(await code(t.registry.tags.at(anonymous, name, v1, moment))).toBe('TAG_UNKNOWN_THEN')
      expect(await code(t.registry.tags.history(anonymous, name, parseTag('v9'), { limit: 2, after: undefined }))).toBe('MANIFEST_UNKNOWN')
      await t.registry.deletes.manifest(anonymous, name, byDigest(a))
      expect(await t.registry.tags.at(anonymous, name, v1, at(1))).toMatchObject({ digest: a, since: at(1), by: 'alice', manifest: 'gone' })
    })
  })

  describe('go back', () => {
    test('to a digest or to what was then, as one more move', async () => {
      const [a, b] = [await put('v1', 1), await put('v1', 2)]
      const then = 1_700_000_000_000 + 1500
      expect(await t.registry.tags.revert(alice, name, v1, { to: { at: then } })).toEqual({ digest: a })
      expect(await pointsAt()).toBe(a)
      expect((await t.registry.pull.statManifest(anonymous, name, byTag('v1'))).digest).toBe(a)
      await t.registry.tags.revert(alice, name, v1, { to: { digest: b } })
      await t.registry.tags.revert(alice, name, v1, { to: { digest: b } })
      const { moves } = await t.registry.tags.history(anonymous, name, v1, { limit: 9, after: undefined })
      expect(moves.map(({ from, to }) => [from, to])).toEqual([[a, b], [b, a], [a, b], [undefined, a]])
      await t.registry.deletes.manifest(anonymous, name, byTag('v1'))
      await t.registry.tags.revert(alice, name, v1, { to: { at: then } })
      expect(await pointsAt()).toBe(a)
    })

    test('only from what they are expected to be', async () => {
      const [a, b] = [await put('v1', 1), await put('v1', 2)]
      const revert = (expected: Digest | null) => code(t.registry.tags.revert(alice, name, v1, { to: { digest: a }, expected }))
      expect([await revert(a), await revert(null), await pointsAt()]).toEqual(['PRECONDITION_FAILED', 'PRECONDITION_FAILED', b])
      expect([await revert(b), await pointsAt()]).toEqual(['ok', a])
      await t.registry.deletes.manifest(anonymous, name, byTag('v1'))
      expect([await revert(b), await revert(null), await pointsAt()]).toEqual(['PRECONDITION_FAILED', 'ok', a])
    })

    test('to nothing that is gone, damaged, in the trash, or was not there then', async () => {
      const [a, b] = [await put('v1', 1), await put('v1', 2)]
      const before = await t.registry.tags.history(anonymous, name, v1, { limit: 9, after: undefined })
      const revert = (to: Parameters<typeof t.registry.tags.revert>[3]['to']) => code(t.registry.tags.revert(alice, name, v1, { to }))
      expect(await revert({ digest: digestBytes(manifest(7), 'sha256') })).toBe('MANIFEST_GONE')
      expect(await revert({ at: 1 })).toBe('TAG_UNKNOWN_THEN')
      await sql('update manifest set deleted_at = 5 where digest = $1', a)
      await sql(`insert into trash (kind, namespace_id, repository_id, path, digest, cause, deleted_at, purge_at) values ('manifest', 1, 1, 'team/app', $1, 'person', 5, 9)`, a)
      const refused = await t.registry.tags.revert(alice, name, v1, { to: { digest: a } }).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'MANIFEST_IN_TRASH', detail: { digest: a, trash: 1 } })
      expect((await t.registry.tags.at(anonymous, name, v1, 1_700_000_001_500)).manifest).toBe('trash')
      await sql('update manifest set deleted_at = null')
      await sql('delete from content where blob_id = (select blob_id from manifest where digest = $1)', a)
      expect(await revert({ digest: a })).toBe('MANIFEST_GONE')
      expect(await pointsAt()).toBe(b)
      expect(await t.registry.tags.history(anonymous, name, v1, { limit: 9, after: undefined })).toEqual(before)
    })
  })
})

forEachDatabase('who may revert a tag', (kind) => {
  test('is who may push it there', async () => {
    const [pull, push, create, move] = ['pull', 'push', 'create', 'move'] as const
    let allowed: readonly string[] = [pull, push, create, move]
    const t = await createTestRegistry(kind, ({ action, tag, exists }) => {
      const asked = action === 'push' && tag !== undefined ? (exists === true ? move : create) : action
      return { allowed: allowed.includes(asked), rule: `the rule of ${asked}` }
    })
    const put = async (n: number) => (await t.registry.push.manifest(anonymous, name, byTag('v1'), { contentType: undefined, bytes: manifest(n), tags: [] })).digest
    const [a] = [await put(1), await put(2)]
    const revert = (tag: string) => code(t.registry.tags.revert(anonymous, name, parseTag(tag), { to: { digest: a } }))
    for (const [may, moved, created] of [[[pull], 'DENIED', 'DENIED'], [[push], 'DENIED', 'DENIED'], [[push, create], 'DENIED', 'ok'], [[push, move], 'ok', 'DENIED']] as const) {
      allowed = may
      expect([may, await revert('v1'), await revert(`new-${may.join('-')}`)]).toEqual([may, moved, created])
    }
    allowed = []
    expect(await code(t.registry.tags.get(anonymous, name, parseTag('v1')))).toBe('DENIED')
    await t.dispose()
  })
})
