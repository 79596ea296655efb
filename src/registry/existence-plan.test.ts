import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase, type TestDatabase } from '../database/for-each-database.testing.ts'
import { createManualClock } from '../lib/index.ts'
import { transactions } from '../transactions.ts'
import { holdersOfDigest } from './existence-store.ts'

forEachDatabase('a mount that names no source', (kind) => {
  let t: TestDatabase
  beforeEach(async () => {
    t = await kind.create(transactions, createManualClock(1000))
  })
  afterEach(() => t.dispose())

  test('finds the first holders of a blob without sorting all of them', async () => {
    const fill = async (sql: string): Promise<void> => void (await t.database.all({ name: sql.slice(0, 40), sqlite: sql, postgres: sql }))
    if (kind.dialect === 'postgres') {
      await fill(`insert into namespace (domain_id, name, created_at) select 1, 'a', 0`)
      await fill(`insert into repository (namespace_id, path, created_at) select 1, 'a' || generate_series(1, 5000), 0`)
      await fill(`insert into blob (domain_id, digest, size) select 1, 'd' || generate_series(1, 100), 1`)
      await fill('insert into link (repository_id, blob_id, lease_until) select r.id, b.id, 0 from repository r, blob b where b.id < 10')
      await fill('analyze')
    }
    const { sqlite, postgres } = holdersOfDigest
    const explain = { name: 'explain', sqlite: `explain query plan ${sqlite}`, postgres: `explain ${postgres}` }
    const plan = await t.database.all<Record<string, unknown>>(explain, 'd1')
    const lines = plan.map((row) => Object.values(row).join(' ')).join('\n')
    expect(lines).toContain('link_by_blob')
    expect(lines).not.toMatch(/sort|temp b-tree/i)
  })
})
