import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction, type Tx } from '../database/index.ts'
import { versionKey } from '../lib/index.ts'
import { moveTag, removeTag } from './tag-store.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, type TestRegistry } from './test-registry.testing.ts'

const tagRows = statement<{ name: string; version_key: string; size: number }>(
  'select name, version_key, size from tag where repository_id = $1 order by name',
)
const events = statement<{ at: number; to_digest: string | null }>('select at, to_digest from tag_event where repository_id = $1 and name = $2 order by id')

/** As if it had begun at that time, whoever ended before. */
const moveAt = transaction('test: move a tag', async (tx: Tx, input: { readonly at: number; readonly digest?: string }) => {
  const then = { ...tx, now: input.at }
  if (input.digest === undefined) await removeTag(then, 1, 'v1', undefined)
  else await moveTag(then, 1, { name: 'v1', mayCreate: true, mayMove: true }, input.digest, { identity: undefined, precondition: undefined })
  return { ok: null }
})

forEachDatabase('the row of a tag', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind, undefined, [moveAt])
  })
  afterEach(() => t.dispose())

  const image = async (tag: string, ...layers: readonly string[]) => {
    const config = { digest: await pushBlob(t.registry, 'team/app', '{}'), size: 2 }
    const descriptors = []
    for (const layer of layers) descriptors.push({ digest: await pushBlob(t.registry, 'team/app', layer), size: layer.length })
    const document = manifestOf(descriptors, config, { annotations: { layers: layers.join() } })
    return { digest: await pushManifest(t.registry, 'team/app', byTag(tag), document), own: JSON.stringify(document).length }
  }
  const sizes = async () => Object.fromEntries((await t.database.all(tagRows, 1)).map(({ name, size }) => [name, size]))

  test('has the size of everything that its manifest refers to, and the key of its version', async () => {
    const small = await image('v1', 'layer')
    const large = await image('v2', 'layer', 'another layer', 'layer')
    expect(await sizes()).toEqual({ v1: small.own + 2 + 5, v2: large.own + 2 + 5 + 13 })
    const list = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' }
    const manifests = [small, large].map(({ digest, own }) => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: own }))
    const index = { ...list, manifests }
    await pushManifest(t.registry, 'team/app', byTag('v1'), index)
    const both = small.own + 2 + 5 + large.own + 2 + 5 + 13 + JSON.stringify(index).length
    expect(await sizes()).toEqual({ v1: both, v2: large.own + 2 + 5 + 13 })
    for (const { name, version_key } of await t.database.all(tagRows, 1)) expect(version_key).toBe(versionKey(name))
  })

  test('has a history that never goes back in time', async () => {
    const [a, b] = [await image('a', 'a'), await image('b', 'b')]
    const now = 1_800_000_000_000
    for (const [at, digest] of [[now, a.digest], [now - 5, b.digest], [now - 9, undefined], [now - 7, a.digest], [now + 1, b.digest]] as const) {
      await t.database.transact(moveAt, { at, ...(digest && { digest }) })
    }
    expect(await t.database.all(events, 1, 'v1')).toEqual([
      { at: now, to_digest: a.digest },
      { at: now, to_digest: b.digest },
      { at: now, to_digest: null },
      { at: now, to_digest: a.digest },
      { at: now + 1, to_digest: b.digest },
    ])
  })
})
