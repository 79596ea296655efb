import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { statement } from '../database/index.ts'
import { createManualClock } from '../lib/index.ts'
import { digestBytes, parseTag, type Precondition, type Reference } from '../oci/index.ts'
import { transactions } from '../transactions.ts'
import { deleteTag } from './delete-transactions.ts'
import { putManifest, type PutManifestInput } from './manifest-transactions.ts'
import { anonymous, byDigest, byTag, createTestRegistry, repository, type TestRegistry } from './test-registry.testing.ts'

const name = repository('team/app')
const code = (promise: Promise<unknown>) => promise.then(() => 'ok', (error: { code: string }) => error.code)
const manifest = (n: number) => new TextEncoder().encode(`{"schemaVersion":2,"manifests":[],"annotations":{"n":"${n}"}}`)
const digest = (n: number) => digestBytes(manifest(n), 'sha256')
const absent: Precondition = { match: undefined, noneMatch: 'any' }
const is = (...ns: readonly number[]): Precondition => ({ match: ns.map(digest), noneMatch: undefined })
const isNot = (...ns: readonly number[]): Precondition => ({ match: undefined, noneMatch: ns.map(digest) })
const present: Precondition = { match: 'any', noneMatch: undefined }

const tagEvents = statement<{ count: number }>('select count(*) as count from tag_event')
const manifests = statement<{ count: number }>('select count(*) as count from manifest')

forEachDatabase('a change on a condition', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  const put = (n: number, reference: Reference, precondition: Precondition | undefined, tags: readonly string[] = []) => {
    const upload = { contentType: undefined, bytes: manifest(n), tags: tags.map(parseTag), precondition }
    return code(t.registry.push.manifest(anonymous, name, reference, upload))
  }
  const remove = (reference: Reference, precondition: Precondition) =>
    code(t.registry.deletes.manifest(anonymous, name, reference, precondition))
  const tag = async (of = 'v1') => {
    const reading = Promise.resolve(t.registry.pull.statManifest(anonymous, name, byTag(of)))
    return await reading.then((found) => found.digest as string, (error: { code: string }) => error.code)
  }
  const counts = async () => {
    const [events, kept] = [await t.database.one(tagEvents), await t.database.one(manifests)]
    return [Number(events?.count), Number(kept?.count)]
  }

  test('creates a tag only where there is none', async () => {
    expect(await put(1, byTag('v1'), absent)).toBe('ok')
    for (const n of [1, 2]) expect(await put(n, byTag('v1'), absent)).toBe('PRECONDITION_FAILED')
    expect([await tag(), ...(await counts())]).toEqual([digest(1), 1, 1])
    expect(await remove(byTag('v1'), present)).toBe('ok')
    expect(await put(2, byTag('v1'), absent)).toBe('ok')
  })

  test('a refused one leaves not even the repository', async () => {
    for (const precondition of [is(1), present]) expect(await put(1, byTag('v1'), precondition)).toBe('PRECONDITION_FAILED')
    expect([await tag(), ...(await counts())]).toEqual(['NAME_UNKNOWN', 0, 0])
  })

  test('moves a tag only from what is expected', async () => {
    await put(1, byTag('v1'), undefined)
    expect(await put(2, byTag('v1'), is(2, 3))).toBe('PRECONDITION_FAILED')
    expect(await put(2, byTag('v1'), isNot(3, 1))).toBe('PRECONDITION_FAILED')
    expect([await tag(), ...(await counts())]).toEqual([digest(1), 1, 1])
    expect(await put(2, byTag('v1'), is(3, 1))).toBe('ok')
    expect(await put(3, byTag('v1'), isNot(1))).toBe('ok')
    expect(await put(4, byTag('v1'), present)).toBe('ok')
    expect([await tag(), ...(await counts())]).toEqual([digest(4), 4, 4])
  })

  test('holds of a tag that would stay where it is, too', async () => {
    await put(1, byTag('v1'), undefined)
    expect(await put(1, byTag('v1'), is(2))).toBe('PRECONDITION_FAILED')
    expect(await put(1, byTag('v1'), is(1))).toBe('ok')
    expect(await counts()).toEqual([1, 1])
  })

  test('deletes a tag only from what is expected', async () => {
    await put(1, byTag('v1'), undefined)
    for (const precondition of [is(2), isNot(1), absent]) expect(await remove(byTag('v1'), precondition)).toBe('PRECONDITION_FAILED')
    expect([await tag(), ...(await counts())]).toEqual([digest(1), 1, 1])
    expect(await remove(byTag('v1'), is(1))).toBe('ok')
    expect(await remove(byTag('v1'), is(1))).toBe('MANIFEST_UNKNOWN')
    expect(await tag()).toBe('MANIFEST_UNKNOWN')
  })

  test('beside a digest it is asked of every tag, and one that fails keeps all from moving', async () => {
    await put(1, byTag('a'), undefined)
    expect(await put(2, byDigest(digest(2)), absent, ['b', 'a', 'c'])).toBe('PRECONDITION_FAILED')
    expect([await tag('a'), await tag('b'), await tag('c'), ...(await counts())]).toEqual([
      digest(1), 'MANIFEST_UNKNOWN', 'MANIFEST_UNKNOWN', 1, 1,
    ])
    expect(await put(2, byDigest(digest(2)), absent, ['b', 'c'])).toBe('ok')
    expect(await put(3, byDigest(digest(3)), is(1, 2), ['a', 'b', 'c'])).toBe('ok')
  })

  test('by digest alone it is asked of the manifest itself', async () => {
    expect(await put(1, byDigest(digest(1)), present)).toBe('PRECONDITION_FAILED')
    expect(await put(1, byDigest(digest(1)), absent)).toBe('ok')
    expect(await put(1, byDigest(digest(1)), absent)).toBe('PRECONDITION_FAILED')
    expect(await put(1, byDigest(digest(1)), is(1))).toBe('ok')
    for (const precondition of [is(2), absent]) expect(await remove(byDigest(digest(1)), precondition)).toBe('PRECONDITION_FAILED')
    expect(await remove(byDigest(digest(1)), is(1))).toBe('ok')
    expect(await remove(byDigest(digest(1)), is(1))).toBe('MANIFEST_UNKNOWN')
  })

  test.each<[string, (n: number, before: number) => Promise<string>]>([
    ['to create', (n) => put(n, byTag('new'), absent)],
    ['to move', (n, before) => put(n, byTag('old'), is(before))],
    ['to create by digest', (n) => put(n, byDigest(digest(n)), absent, ['beside'])],
    ['the same content', () => put(99, byDigest(digest(99)), absent)],
    ['to delete or move', (n, before) => (n % 2 === 0 ? remove(byTag('old'), is(before)) : put(n, byTag('old'), is(before)))],
  ])('of sixteen at once one wins: %s', async (_, attempt) => {
    await put(100, byTag('old'), undefined)
    const results = await Promise.all(Array.from({ length: 16 }, (_unused, n) => attempt(n, 100)))
    const lost = results.filter((result) => result === 'PRECONDITION_FAILED' || result === 'MANIFEST_UNKNOWN')
    expect([results.filter((result) => result === 'ok').length, lost.length]).toEqual([1, 15])
  })
})

forEachDatabase('an operation on a condition whose answer was lost', (kind) => {
  const input = (n: number, precondition: Precondition): PutManifestInput => ({
    repository: name,
    actor: { identity: undefined, address: '127.0.0.1' },
    may: { repository: true, newProject: true },
    digest: undefined,
    contentSha256: digest(n),
    bytes: manifest(n),
    mediaType: 'a/b',
    artifactType: undefined,
    subject: undefined,
    annotations: {},
    children: [],
    tags: [{ name: 'v1', mayCreate: true, mayMove: true }],
    precondition,
  })

  test('answers the same, though its condition holds no more', async () => {
    const { database, dispose } = await kind.create(transactions, createManualClock(1_700_000_000_000))
    try {
      const first = await database.transact(putManifest, input(1, absent), 'create')
      expect(first).toEqual({ ok: { digest: digest(1), absent: 0, repository: 1 } })
      expect(await database.transact(putManifest, input(2, is(1)), 'move')).toEqual({ ok: { digest: digest(2), absent: 0, repository: 1 } })
      expect(await database.transact(putManifest, input(1, absent), 'create')).toEqual(first)
      expect(await database.transact(putManifest, input(2, is(1)), 'move')).toEqual({ ok: { digest: digest(2), absent: 0, repository: 1 } })
      const removal = { repository: name, name: 'v1', actor: input(1, absent).actor, precondition: is(2) }
      for (let n = 0; n < 2; n++) expect(await database.transact(deleteTag, removal, 'delete')).toEqual({ ok: null })
      const refused = { refused: 'PRECONDITION_FAILED', detail: { tag: 'v1' } }
      for (let n = 0; n < 2; n++) expect(await database.transact(putManifest, input(3, is(2)), 'late')).toEqual(refused)
    } finally {
      await dispose()
    }
  })
})
