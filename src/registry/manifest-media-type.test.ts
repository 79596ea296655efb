import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { digestBytes } from '../oci/index.ts'
import { anonymous, byTag, createTestRegistry, pushBlob, repository, type TestRegistry } from './test-registry.testing.ts'

const name = repository('a')
const subject = digestBytes(new TextEncoder().encode('subject'), 'sha256')

forEachDatabase('a manifest that is put again under another media type', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test('is listed as what it is now', async () => {
    const config = { mediaType: 'application/vnd.example.config', digest: await pushBlob(t.registry, name, '{}'), size: 2 }
    const document = { schemaVersion: 2, config, layers: [], subject: { mediaType: 'a/b', digest: subject, size: 1 } }
    const bytes = new TextEncoder().encode(JSON.stringify(document))
    for (const [contentType, artifactType] of [
      ['application/vnd.example+json', undefined],
      ['application/vnd.oci.image.manifest.v1+json', config.mediaType],
    ] as const) {
      await t.registry.push.manifest(anonymous, name, byTag('t'), { contentType, bytes, tags: [] })
      const page = await t.registry.lists.referrers(anonymous, name, subject, { limit: 9, last: undefined, artifactType: undefined })
      expect(page.descriptors).toMatchObject([{ mediaType: contentType, artifactType }])
    }
  })
})
