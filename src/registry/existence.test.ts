import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { digestBytes, RegistryError } from '../oci/index.ts'
import { blobByDigest, manifestByDigest, manifestByTag, type LinkedBlobRow } from './existence-store.ts'
import { createChanges } from './changes.ts'
import { createExistence } from './existence.ts'
import { allTags, repositoryId } from './list-store.ts'
import { anonymous, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, settings, type TestRegistry } from './test-registry.testing.ts'
import { createWholeLists } from './whole-lists.ts'

const repositories = ['a', 'a/b', 'c']
const tags = ['t1', 't2']
const contents = ['one', 'two', 'x'.repeat(40_000)]
const digestOf = (content: string) => digestBytes(new TextEncoder().encode(content), 'sha256')
const documentOf = (content: string) => manifestOf([], { digest: digestOf(content), size: content.length })
const manifestDigest = (content: string) => digestOf(JSON.stringify(documentOf(content)))

const step = fc.record({
  kind: fc.constantFrom('blob', 'manifest', 'delete tag', 'delete manifest', 'delete blob', 'mount', 'damage', 'collect'),
  repo: fc.constantFrom(...repositories),
  tag: fc.constantFrom(...tags),
  content: fc.constantFrom(...contents),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Does it, whether or not it is possible. */
async function act(t: TestRegistry, { kind, repo, tag, content }: Step): Promise<void> {
  const name = repository(repo)
  switch (kind) {
    case 'blob':
      return void (await pushBlob(t.registry, repo, content))
    case 'manifest':
      return void (await pushManifest(t.registry, repo, byTag(tag), documentOf(content)))
    case 'delete tag':
      return await t.registry.deletes.manifest(anonymous, name, byTag(tag))
    case 'delete manifest':
      return await t.registry.deletes.manifest(anonymous, name, byDigest(manifestDigest(content)))
    case 'delete blob':
      return await t.registry.deletes.blob(anonymous, name, digestOf(content))
    case 'mount':
      return void (await t.registry.uploads.mount(anonymous, name, digestOf(content), undefined))
    case 'damage':
      return await damage(t, repo, content)
    case 'collect':
      t.clock.advance(settings.lease + 1)
      return void (await t.collector.collectDue(1000))
  }
}

async function damage(t: TestRegistry, repo: string, content: string): Promise<void> {
  const row = await t.database.one(blobByDigest, repo, digestOf(content))
  if (row === undefined || row.object_id === null || row.key === null) return
  await t.store.delete(row.object_id, row.key)
  await (await t.registry.pull.blob(anonymous, repository(repo), digestOf(content))).open()
}

/** Of a blob that is not here, nothing else in the row means anything. */
function answerOf(row: LinkedBlobRow | undefined): unknown {
  return row?.blob_id === null ? 'not here' : row
}

forEachDatabase('existence', (kind) => {
  test('memory answers what the database would, after any change', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const t = await createTestRegistry(kind)
        try {
          const changes = createChanges(t.database)
          const existence = createExistence(t.database, changes)
          const lists = createWholeLists(t.database, changes, 1024 * 1024)
          for (const each of steps) {
            await act(t, each).catch((error: unknown) => {
              if (!(error instanceof RegistryError) || error.status >= 500) throw error
            })
            for (const repo of repositories) {
              const { id } = (await t.database.one(repositoryId, repo)) ?? { id: 0 }
              expect(await lists.tags(id)).toEqual((await t.database.all(allTags, id)).map(({ name }) => name))
              for (const tag of tags) {
                expect(await existence.find(manifestByTag, repo, tag)).toEqual(await t.database.one(manifestByTag, repo, tag))
              }
              for (const content of contents) {
                const [blob, manifest] = [digestOf(content), manifestDigest(content)]
                expect(answerOf(await existence.find(blobByDigest, repo, blob))).toEqual(answerOf(await t.database.one(blobByDigest, repo, blob)))
                expect(await existence.find(manifestByDigest, repo, manifest)).toEqual(await t.database.one(manifestByDigest, repo, manifest))
              }
            }
          }
        } finally {
          await t.dispose()
        }
      }),
      { numRuns: kind.dialect === 'sqlite' ? 40 : 3 },
    )
  }, 180_000)

  if (kind.dialect !== 'sqlite') return
  test('nobody asks again for what they know because blobs of others are collected', async () => {
    const t = await createTestRegistry(kind)
    try {
      await pushBlob(t.registry, 'a', 'one')
      await pushManifest(t.registry, 'a', byTag('t1'), documentOf('one'))
      await pushBlob(t.registry, 'c', 'two')
      t.clock.advance(settings.lease + 1)
      // The link goes now; its blob comes due by that.
      await t.collector.collectDue(1000)
      let asked = 0
      const database: typeof t.database = { ...t.database, one: async (...given) => (asked++, await t.database.one(...given)) }
      const existence = createExistence(database, createChanges(t.database))
      const find = async () => await existence.find(manifestByTag, 'a', 't1')
      const known = await find()
      t.clock.advance(1)
      expect(await t.collector.collectDue(1000)).toBe(1)
      expect([await find(), asked]).toEqual([known, 1])
      expect(known?.digest).toBe(manifestDigest('one'))
    } finally {
      await t.dispose()
    }
  })
})
