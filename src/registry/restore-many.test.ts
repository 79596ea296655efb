import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction, type Tx } from '../database/index.ts'
import { restoreTrash, type RestoreTrashInput } from './restore-transactions.ts'
import { byDigest, byTag, pushManifest } from './test-registry.testing.ts'
import { createTestTrash, sql, type TestTrash } from './trash.testing.ts'

const many = (text: string) =>
  statement({ sqlite: text.replace('{values}', 'json_each($1)'), postgres: text.replace('{values}', 'json_array_elements_text($1::json)') })
const addReferrers = many(`
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at, subject_digest, deleted_at)
  select 1, value, 1, value, 'a/b', '{}', 0, $2, 1 from {values}`)
const addTrash = many(`
  insert into trash (kind, namespace_id, repository_id, path, digest, cause, deleted_at, purge_at)
  select 'manifest', 1, 1, 'team/app', value, 'rule', 1, cast($2 as bigint) from {values}`)

interface Hidden {
  readonly subject: string
  readonly digests: readonly string[]
  readonly purgeAt: number
}

/** Referrers that the rule about untagged manifests took. */
const hideReferrers = transaction('test.hide', async (tx: Tx, { subject, digests, purgeAt }: Hidden) => {
  await tx.run(addReferrers, JSON.stringify(digests), subject)
  await tx.run(addTrash, JSON.stringify(digests), purgeAt)
  return { ok: null }
})
let asked = 0
/** The same transaction, which notes how often it asked the database. */
const restoreCounted = transaction('test.restore', async (tx: Tx, input: RestoreTrashInput) => {
  asked = 0
  const counted: Tx = {
    operationId: tx.operationId,
    now: tx.now,
    one: async (...given) => (asked++, await tx.one(...given)),
    all: async (...given) => (asked++, await tx.all(...given)),
    run: async (...given) => (asked++, await tx.run(...given)),
  }
  return await restoreTrash.run(counted, input)
})

forEachDatabase('a manifest with thousands of referrers in the trash', (kind) => {
  let h: TestTrash
  beforeEach(async () => {
    h = await createTestTrash(kind, undefined, [hideReferrers, restoreCounted])
  })
  afterEach(() => h.t.dispose())

  const firstInTrash = async (): Promise<number> => (await h.t.database.one(sql<{ id: number }>('first-in-trash', 'select min(id) as id from trash')))?.id ?? 0
  const digestsOf = (count: number, what: string) => Array.from({ length: count }, (_, n) => `sha256:${what}-${String(n).padStart(6, '0')}`)
  const actor = { identity: undefined, address: '127.0.0.1' }

  test('comes back with all of them in a few statements, and with theirs', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    await h.remove(byDigest(digest))
    const purgeAt = h.t.clock.now() + 1_000_000
    const [first, second] = [digestsOf(5_000, 'signature'), digestsOf(3, 'of-signature')]
    await h.t.database.transact(hideReferrers, { subject: digest, digests: first, purgeAt })
    await h.t.database.transact(hideReferrers, { subject: first[77] ?? '', digests: second, purgeAt })
    const id = await firstInTrash()
    const begun = performance.now()
    const restored = await h.t.database.transact(restoreCounted, { id, actor, lease: 1 })
    console.log(`5,003 companions came back in ${Math.round(performance.now() - begun)} ms, ${asked} statements`)
    expect(restored).toMatchObject({ ok: { tags: ['v1'] } })
    expect('ok' in restored && [...restored.ok.manifests].sort()).toEqual([...first, ...second].sort())
    expect(asked).toBeLessThan(40)
    expect(await h.left()).toEqual([0, 0])
  }, 60_000)

  test('leaves in the trash what is more than it brings back at once', async () => {
    const { digest } = await h.pushImage('v1', 'one')
    await h.remove(byDigest(digest))
    await h.t.database.transact(hideReferrers, { subject: digest, digests: digestsOf(10_050, 'signature'), purgeAt: h.t.clock.now() + 1_000_000 })
    const id = await firstInTrash()
    expect(await h.t.database.transact(restoreTrash, { id, actor, lease: 1 })).toMatchObject({ ok: { tags: ['v1'] } })
    expect(await h.left()).toEqual([50, 50])
  }, 60_000)

  test('brings its children back before what refers to it', async () => {
    const image = await h.pushImage('image', 'one')
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const indexOf = (digest: string) => ({ schemaVersion: 2, mediaType, manifests: [{ mediaType, digest, size: 1 }] })
    const inner = await pushManifest(h.registry, 'team/app', byTag('inner'), indexOf(image.digest))
    const outer = await pushManifest(h.registry, 'team/app', byTag('outer'), indexOf(inner))
    for (const digest of [outer, inner, image.digest]) await h.remove(byDigest(digest))
    await h.alter(`update trash set cause = 'rule' where digest <> '${outer}'`)
    await h.t.database.transact(hideReferrers, { subject: outer, digests: digestsOf(10_050, 'signature'), purgeAt: h.t.clock.now() + 1_000_000 })
    expect(await h.t.database.transact(restoreTrash, { id: await firstInTrash(), actor, lease: 1 })).toMatchObject({ ok: { tags: ['outer'] } })
    expect([await h.pull(byDigest(inner)), await h.pull(byDigest(image.digest))]).toEqual(['ok', 'ok'])
    expect(await h.left()).toEqual([52, 52])
  }, 60_000)
})
