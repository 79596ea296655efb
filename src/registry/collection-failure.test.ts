import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { StorageError } from '../storage/index.ts'
import { createCollector } from './index.ts'
import { createTestRegistry, pushBlob, settings, type TestRegistry } from './test-registry.testing.ts'

forEachDatabase('an object whose bytes can not be deleted', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test('keeps none of the others from being collected, and goes when it can', async () => {
    for (const content of ['a', 'b', 'c']) await pushBlob(t.registry, 'a', content.repeat(100_000))
    let poisoned: string | undefined
    const store = {
      ...t.store,
      delete: async (id: string, key: string | undefined): Promise<void> => {
        poisoned ??= id
        if (id === poisoned) throw new StorageError('failed', 'made up')
        await t.store.delete(id, key)
      },
    }
    const objects = async (): Promise<string[]> => {
      const sql = 'select id from object'
      return (await t.database.all<{ id: string }>({ name: 'objects', sqlite: sql, postgres: sql })).map(({ id }) => id)
    }
    const ill = createCollector({ ...t, store, settings })
    t.clock.advance(settings.lease + 1)
    while ((await ill.collectDue(100)) > 0);
    t.clock.advance(settings.drain + 1)
    await expect(ill.collectDue(100)).rejects.toThrow('1 keys')
    expect(await objects()).toEqual([poisoned ?? ''])
    expect(await ill.collectDue(100)).toBe(0)
    t.clock.advance(settings.lease)
    while ((await t.collector.collectDue(100)) > 0);
    expect(await objects()).toEqual([])
  })
})
