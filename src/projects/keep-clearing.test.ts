import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Database } from '../database/index.ts'
import { createLogger } from '../observe/index.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, type TestRegistry } from '../registry/test-registry.testing.ts'
import { findProject } from './find-project.testing.ts'
import { keepClearing } from './keep-clearing.ts'
import { projectsInDeletion } from './project-store.ts'
import { deleteProject } from './project-transactions.ts'

const actor = { identity: undefined, address: '' }
const logger = createLogger({ level: 'silent' })

forEachDatabase('what is left of deleted projects', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  async function beginDeletion(name: string): Promise<void> {
    const config = { digest: await pushBlob(t.registry, `${name}/app`, '{}'), size: 2 }
    await pushManifest(t.registry, `${name}/app`, byTag('v1'), manifestOf([], config))
    const id = (await findProject(t.database, name))?.id ?? 0
    expect(await t.database.transact(deleteProject, { id, force: true, retention: 0, actor })).toEqual({ ok: null })
  }
  const left = async () => (await t.database.all(projectsInDeletion, 10)).length

  /** Lets the loop turn until nothing is left, for at most so many of its pauses. */
  async function untilCleared(database: Database): Promise<void> {
    const stop = keepClearing(database, { interval: 1_000, clock: t.clock, logger })
    try {
      for (let turn = 0; turn < 10_000 && (await left()) > 0; turn++) {
        t.clock.advance(1_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      await stop()
    }
    expect(await left()).toBe(0)
  }

  test('is cleared by the next process, whatever the last one came to', async () => {
    await beginDeletion('team')
    await beginDeletion('other')
    expect(await left()).toBe(2)
    await untilCleared(t.database)
  })

  test('is tried again after a failure', async () => {
    await beginDeletion('team')
    let failures = 3
    const transact: Database['transact'] = async (...call) => {
      if (failures-- > 0) throw new Error('the database is away')
      return await t.database.transact(...call)
    }
    await untilCleared({ ...t.database, transact })
    expect(failures).toBeLessThan(0)
  })
})
