import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase, type TestDatabase } from '../database/for-each-database.testing.ts'
import type { Statement, Tx, Value } from '../database/index.ts'
import { createManualClock } from '../lib/index.ts'
import { transactions } from '../transactions.ts'
import { putManifest, type PutManifestInput } from './manifest-transactions.ts'

const links = 20_000
const digestOf = (n: number): string => `sha256:${String(n).padStart(64, '0')}`
const series = `with series as (select generate_series(1, ${links}) as n)`

forEachDatabase('putting a manifest into a repository with much in it', (kind) => {
  let t: TestDatabase
  const sql = async <Row>(text: string, ...values: Value[]): Promise<Row[]> =>
    await t.database.all<Row>({ name: `sql ${crypto.randomUUID()}`, sqlite: text.replace(/\$(\d)/g, '?$1'), postgres: text }, ...values)
  /** SQLite has one plan whatever the tables hold; PostgreSQL's depends on it. */
  const fill = async (text: string): Promise<void> => {
    const digest = `'sha256:' || lpad(n::text, 64, '0')`
    if (kind.dialect === 'postgres') await sql(`${series} ${text.replaceAll('DIGEST', digest)}`)
  }

  beforeEach(async () => {
    t = await kind.create(transactions, createManualClock(1000))
  })
  afterEach(() => t.dispose())

  test('looks its children up one by one, whatever else is there', async () => {
    await fill(`insert into namespace (domain_id, name, created_at) select 1, 'a', 0 from series limit 1`)
    await fill(`insert into repository (namespace_id, path, created_at) select 1, 'a', 0 from series limit 1`)
    await fill(`insert into blob (domain_id, digest, size) select 1, DIGEST, 1 from series`)
    await fill(`insert into link (repository_id, blob_id, lease_until) select 1, n, 0 from series`)
    await fill(`insert into manifest (repository_id, digest, blob_id, content_sha256, media_type, annotations, pushed_at)
      select 1, DIGEST, n, DIGEST, 'm', '{}', 0 from series`)
    if (kind.dialect === 'postgres') await sql('analyze')
    const lookUps = await lookUpsOf([1, 2, 3].map(digestOf))
    expect(lookUps).toHaveLength(2)
    for (const { statement, values } of lookUps) {
      const plan = kind.dialect === 'postgres' ? `explain ${statement.postgres}` : `explain query plan ${statement.sqlite}`
      const lines = (await sql<Record<string, unknown>>(plan, ...values)).map((row) => Object.values(row).join(' ')).join('\n')
      if (kind.dialect === 'postgres') expect(lines).toMatch(/Index Cond: .*digest = ANY/)
      else expect(lines).not.toMatch(/SCAN (?!wanted)/)
    }
  })
})

/** The two statements by which a put finds and locks the children it was given. */
async function lookUpsOf(digests: readonly string[]) {
  const seen: { readonly statement: Statement<unknown>; readonly values: Value[] }[] = []
  const repository = { id: 1, domain_id: 1, state: 'live', namespace_state: 'live', object_id: null }
  const tx: Tx = {
    operationId: 'o',
    now: 0,
    one: async () => repository as never,
    run: async () => 1,
    all: async (statement, ...values) => {
      seen.push({ statement, values })
      return []
    },
  }
  const children = digests.map((each) => ({ digest: each, kind: 'child', required: true }) as const)
  const input = { repository: 'a', actor: { identity: undefined, address: '' }, may: { repository: true, newProject: true }, digest: digestOf(9), children, tags: [] }
  await putManifest.run(tx, { ...input, bytes: new Uint8Array(1) } as unknown as PutManifestInput)
  return seen
}
