import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction } from '../database/index.ts'
import { isInUse } from './inventory-store.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, reportRunning, type TestRegistry } from './test-registry.testing.ts'

const ask = transaction('test.in use', async (tx, { repositoryId, digest }: { readonly repositoryId: number; readonly digest: string }) => ({
  ok: await isInUse(tx, repositoryId, digest),
}))
const insertReference = statement(`
  insert into reference (repository_id, manifest_digest, child_digest, kind) values ($1, $2, $3, 'child')`)
const refer = transaction('test.refer', async (tx, { by, digest }: { readonly by: readonly string[]; readonly digest: string }) => {
  for (const each of by) await tx.run(insertReference, 1, each, digest)
  return { ok: null }
})
const insertManifest = statement(`
  insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at) values ($1, $2, 1, $2, 'a/b', '{}', 0)`)
const list = transaction('test.list', async (tx, { by }: { readonly by: readonly string[] }) => {
  for (const each of by) await tx.run(insertManifest, 1, each)
  return { ok: null }
})

forEachDatabase('what runs in a cluster', (kind) => {
  let t: TestRegistry
  const hour = 3_600_000
  beforeEach(async () => {
    t = await createTestRegistry(kind, undefined, [ask, refer, list])
  })
  afterEach(() => t.dispose())

  const report = async (...digests: string[]) => await reportRunning(t, 'prod', digests)
  const inUse = async (digest: string) => ((await t.database.transact(ask, { repositoryId: 1, digest })) as { ok: boolean }).ok
  const index = async (tag: string, ...manifests: string[]) =>
    await pushManifest(t.registry, 'team/app', byTag(tag), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: manifests.map((digest) => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 })),
    })

  test('is in use, and what a running index lists, and what an index in that lists, for as long as the report counts', async () => {
    const config = { digest: await pushBlob(t.registry, 'team/app', '{}'), size: 2 }
    const image = async (tag: string) => await pushManifest(t.registry, 'team/app', byTag(tag), manifestOf([], config, { annotations: { tag } }))
    const [alone, child, inner] = [await image('alone'), await image('child'), await image('inner')]
    const lower = await index('lower', inner)
    const upper = await index('upper', child, lower)
    expect(await Promise.all([alone, child, inner, lower, upper].map(inUse))).toEqual([false, false, false, false, false])
    await report(alone)
    expect(await Promise.all([alone, child, inner, lower, upper].map(inUse))).toEqual([true, false, false, false, false])
    t.clock.advance(1)
    await report(upper)
    expect(await Promise.all([alone, child, inner, lower, upper].map(inUse))).toEqual([false, true, true, true, true])
    t.clock.advance(hour)
    expect(await Promise.all([child, upper].map(inUse))).toEqual([false, false])
  })

  test('is taken to be in use where more indexes list it than are looked through', async () => {
    await pushBlob(t.registry, 'team/app', '{}')
    const by = Array.from({ length: 1001 }, (_, n) => `sha256:index ${n}`)
    await t.database.transact(list, { by })
    await t.database.transact(refer, { by: by.slice(0, 1000), digest: 'sha256:child' })
    expect(await inUse('sha256:child')).toBe(false)
    await t.database.transact(refer, { by: by.slice(1000), digest: 'sha256:child' })
    expect(await inUse('sha256:child')).toBe(true)
  })
})
