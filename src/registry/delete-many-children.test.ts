import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Tx } from '../database/index.ts'
import { deleteManifest } from './delete-transactions.ts'
import {
  anonymous,
  byDigest,
  byTag,
  createTestRegistry,
  manifestOf,
  pushBlob,
  pushManifest,
  repository,
  settings,
  type TestRegistry,
} from './test-registry.testing.ts'

forEachDatabase('deleting a manifest', (kind) => {
  let t: TestRegistry
  beforeEach(async () => {
    t = await createTestRegistry(kind)
  })
  afterEach(() => t.dispose())

  test('leaves a child that is both config and layer to the collector', async () => {
    const digest = await pushBlob(t.registry, 'a', '{}')
    const manifest = await pushManifest(t.registry, 'a', byTag('t'), manifestOf([{ digest, size: 2 }], { digest, size: 2 }))
    t.clock.advance(settings.lease + 1)
    while ((await t.collector.collectDue(100)) > 0);
    await t.registry.deletes.manifest(anonymous, repository('a'), byDigest(manifest))
    while ((await t.collector.collectDue(100)) > 0);
    expect((await t.registry.pull.statBlob(anonymous, repository('a'), digest)).size).toBe(2)
    t.clock.advance(settings.lease * 3)
    while ((await t.collector.collectDue(100)) > 0);
    await expect(t.registry.pull.statBlob(anonymous, repository('a'), digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
  })
})

test('deleting a manifest takes as many statements for a thousand children as for one', async () => {
  const statementsFor = async (children: number): Promise<number> => {
    const links = Array.from({ length: children }, (_, n) => ({ blob_id: n, digest: `d${n}` }))
    const row = { id: 1, domain_id: 1, state: 'live', namespace_state: 'live', blob_id: 1 }
    let statements = 0
    const count = <T>(value: unknown): T => {
      statements += 1
      return value as T
    }
    const tx: Tx = {
      operationId: 'o',
      now: 0,
      one: async () => count(row),
      run: async () => count(1),
      all: async ({ postgres }) => count(postgres.includes('for update of l') ? links : []),
    }
    const outcome = await deleteManifest.run(tx, { repository: 'a', digest: 'd', actor: { identity: undefined, address: '' }, lease: 1 })
    expect(outcome).toEqual({ ok: null })
    return statements
  }
  expect(await statementsFor(1000)).toBe(await statementsFor(1))
})
