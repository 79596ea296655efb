import { expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { transaction, type Statement, type Tx, type Value } from '../database/index.ts'
import { restoreTrash, type RestoreTrashInput } from './restore-transactions.ts'
import { byDigest } from './test-registry.testing.ts'
import { findInTrash, takeOutOf } from './trash-store.ts'
import { createTestTrash } from './trash.testing.ts'

interface Asked {
  readonly statement: Statement<unknown>
  readonly values: readonly Value[]
}

const asked: Asked[] = []

function noting(tx: Tx): Tx {
  const noted = <Rest extends readonly unknown[], Result>(run: (...given: Rest) => Promise<Result>) => async (...given: Rest): Promise<Result> => {
    const [statement, ...values] = given as unknown as [Statement<unknown>, ...Value[]]
    asked.push({ statement, values })
    return await run(...given)
  }
  return { operationId: tx.operationId, now: tx.now, one: noted(tx.one) as Tx['one'], all: noted(tx.all) as Tx['all'], run: noted(tx.run) as Tx['run'] }
}

/** A restore, and what a push and the collector ask about the trash. */
const look = transaction('test.look', async (tx: Tx, input: RestoreTrashInput) => {
  asked.length = 0
  const noted = noting(tx)
  for (const kind of ['manifest', 'blob'] as const) {
    await findInTrash(noted, 1, 'sha256:none', kind)
    await takeOutOf(noted, 1, 'sha256:none', kind)
  }
  return await restoreTrash.run(noted, input)
})

forEachDatabase('what is looked for in the trash', (kind) => {
  // What PostgreSQL does depends on what is in the tables.
  if (kind.dialect !== 'sqlite') return
  test('is found by its digest, whatever else is in the repository and its trash', async () => {
    const h = await createTestTrash(kind, undefined, [look])
    try {
      const { digest } = await h.pushImage('v1', 'one')
      await h.remove(byDigest(digest))
      const input = { id: await h.only(), actor: { identity: undefined, address: '' }, lease: 1 }
      expect(await h.t.database.transact(look, input)).toMatchObject({ ok: { tags: ['v1'] } })
      const wide: string[] = []
      for (const [index, { statement, values }] of asked.entries()) {
        const explain = { name: `explain ${index}`, sqlite: `explain query plan ${statement.sqlite}`, postgres: '' }
        const plan = await h.t.database.all<{ detail: string }>(explain, ...values)
        wide.push(...plan.map(({ detail }) => detail).filter((line) => /\(repository_id=\?( AND kind=\?)?\)|^SCAN (?!json_each|wanted)/.test(line)))
      }
      expect(asked.length).toBeGreaterThan(10)
      expect(wide).toEqual([])
    } finally {
      await h.t.dispose()
    }
  })
})
