import { expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { createChanges } from './changes.ts'
import { repositoryId } from './list-store.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest } from './test-registry.testing.ts'
import { createWholeLists } from './whole-lists.ts'

forEachDatabase('whole lists', (kind) => {
  test('stand while their repository is unchanged', async () => {
    const t = await createTestRegistry(kind)
    try {
      const push = async (name: string, tag: string): Promise<void> => {
        const config = await pushBlob(t.registry, name, 'config')
        await pushManifest(t.registry, name, byTag(tag), manifestOf([], { digest: config, size: 6 }))
      }
      await push('team/app', 'b')
      const { id } = (await t.database.one(repositoryId, 'team/app')) ?? { id: 0 }
      const lists = createWholeLists(t.database, createChanges(t.database))
      const first = await lists.tags(id)
      expect(first).toEqual(['b'])
      await push('team/other', 'x')
      const again = await lists.tags(id)
      expect(again).toEqual(['b'])
      // The very same list: it was not read again. PostgreSQL cannot vouch for it.
      expect(again === first).toBe(kind.dialect === 'sqlite')
      await push('team/app', 'a')
      expect(await lists.tags(id)).toEqual(['a', 'b'])
    } finally {
      await t.dispose()
    }
  })
})
