import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { digestBytes, mediaTypes } from '../oci/index.ts'
import { anonymous, byTag, createTestRegistry, pushManifest, repository, type TestRegistry } from './test-registry.testing.ts'

const subject = digestBytes(new TextEncoder().encode('subject'), 'sha256')

forEachDatabase('referrers with megabytes of annotations', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test.each([undefined, 'a/b'])('come a few to a page, each once (type %p)', async (artifactType) => {
    const sizes = [100, 1_500_000, 1_500_000, 3_000_000, 4_100_000, 100, 100]
    const pushed: string[] = []
    for (const [n, size] of sizes.entries()) {
      const annotations = { n: String(n), text: 'x'.repeat(size) }
      const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, artifactType: 'a/b', manifests: [], annotations }
      pushed.push(await pushManifest(t.registry, 'a', byTag(`t${n}`), { ...document, subject: { mediaType: 'a/b', digest: subject, size: 1 } }))
    }
    const seen: string[] = []
    for (let last: string | undefined, more = true; more; more = last !== undefined) {
      const page = await t.registry.lists.referrers(anonymous, repository('a'), subject, { limit: 4000, last, artifactType })
      expect(page.descriptors.length).toBeGreaterThan(0)
      expect(JSON.stringify(page.descriptors).length).toBeLessThan(4.3e6)
      seen.push(...page.descriptors.map(({ digest }) => digest))
      last = page.next
    }
    expect(seen).toEqual(pushed.sort())
  })
})
