import { expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Database } from '../database/index.ts'
import { createChanges } from './changes.ts'
import { allTags, repositoryId } from './list-store.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest } from './test-registry.testing.ts'
import { createWholeLists } from './whole-lists.ts'

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !condition(); turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(condition()).toBe(true)
}

forEachDatabase('whole lists', (kind) => {
  test('that do not fit are read for whoever asks', async () => {
    const t = await createTestRegistry(kind)
    try {
      const config = await pushBlob(t.registry, 'team/app', 'config')
      await pushManifest(t.registry, 'team/app', byTag('long-name'), manifestOf([], { digest: config, size: 6 }))
      const { id } = (await t.database.one(repositoryId, 'team/app')) ?? { id: 0 }
      const lists = createWholeLists(t.database, createChanges(t.database), 256)
      const first = await lists.tags(id)
      expect(first).toEqual(['long-name'])
      expect((await lists.tags(id)) === first).toBe(false)
    } finally {
      await t.dispose()
    }
  })

  test('stand while their repository is unchanged', async () => {
    const t = await createTestRegistry(kind)
    try {
      const push = async (name: string, tag: string): Promise<void> => {
        const config = await pushBlob(t.registry, name, 'config')
        await pushManifest(t.registry, name, byTag(tag), manifestOf([], { digest: config, size: 6 }))
      }
      await push('team/app', 'b')
      const { id } = (await t.database.one(repositoryId, 'team/app')) ?? { id: 0 }
      const lists = createWholeLists(t.database, createChanges(t.database), 1024 * 1024)
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

  // PostgreSQL can't tell whether anything changed since the first reading began: each is for whoever asked.
  if (kind.dialect === 'postgres') return

  test('are read once for all who ask at the same time, and again for whoever asks after a change', async () => {
    const t = await createTestRegistry(kind)
    try {
      const config = await pushBlob(t.registry, 'team/app', 'config')
      const push = (tag: string) => pushManifest(t.registry, 'team/app', byTag(tag), manifestOf([], { digest: config, size: 6 }))
      await push('b')
      const { id } = (await t.database.one(repositoryId, 'team/app')) ?? { id: 0 }
      const readings: PromiseWithResolvers<void>[] = []
      const slow: Database = {
        ...t.database,
        all: async (statement, ...values) => {
          if (statement !== allTags) return await t.database.all(statement, ...values)
          const rows = await t.database.all(statement, ...values)
          const reading = Promise.withResolvers<void>()
          readings.push(reading)
          await reading.promise
          return rows
        },
      }
      const lists = createWholeLists(slow, createChanges(slow), 1024 * 1024)
      const begun = (count: number) => until(() => readings.length === count)
      const early = Array.from({ length: 20 }, () => lists.tags(id))
      await begun(1)
      await push('a')
      const late = Array.from({ length: 20 }, () => lists.tags(id))
      await begun(2)
      // The later one first: the older one must not take its place.
      for (const reading of readings.toReversed()) reading.resolve()
      expect(await Promise.all(late)).toEqual(late.map(() => ['a', 'b']))
      expect(await Promise.all(early)).toEqual(early.map(() => ['b']))
      expect(await lists.tags(id)).toEqual(['a', 'b'])
      expect(readings.length).toBe(2)
    } finally {
      await t.dispose()
    }
  })
})
