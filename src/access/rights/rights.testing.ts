import type { DatabaseKind, TestDatabase } from '../../database/for-each-database.testing.ts'
import { transaction, transactionTable, type Database, type Tx, type Value } from '../../database/index.ts'
import { createManualClock, type ManualClock } from '../../lib/index.ts'
import type { RepositoryName } from '../../oci/index.ts'
import { transactions } from '../../transactions.ts'
import type { Principal } from '../principal.ts'
import { createRights } from './create-rights.ts'
import { account } from './question.testing.ts'
import type { Rights } from './rights.ts'
import { createRightsVersion } from './rights-version.ts'

/** Rights on a database of their own, and a way to make rows. */
export interface TestRights extends TestDatabase {
  readonly clock: ManualClock
  readonly rights: Rights
  /** Runs any statement with `$1` parameters. */
  sql(text: string, ...values: Value[]): Promise<void>
  /** Answers the project's reference. */
  project(id: number, name: string, visibility?: 'public' | 'internal' | 'private'): Promise<{ readonly id: number; readonly name: string }>
  account(id: number, name: string): Promise<Principal>
}

interface Sql {
  readonly text: string
  readonly values: readonly Value[]
}

let statements = 0

const runSql = transaction('run sql', async (tx: Tx, { text, values }: Sql) => {
  const sqlite = text.replaceAll('$', '?')
  await tx.run({ name: `rows${++statements}`, sqlite, postgres: text }, ...values)
  return { ok: null }
})

export async function createTestRights(kind: DatabaseKind): Promise<TestRights> {
  const clock = createManualClock(1000)
  const test = await kind.create(transactionTable([...transactions.values(), runSql]), clock)
  const { database } = test
  const sql = async (text: string, ...values: Value[]): Promise<void> => void (await database.transact(runSql, { text, values }))
  return {
    ...test,
    clock,
    rights: newRights(database, clock),
    sql,
    project: async (id, name, visibility = 'private') => {
      await sql('insert into namespace (id, domain_id, name, created_at, visibility) values ($1, 1, $2, 0, $3)', id, name, visibility)
      return { id, name }
    },
    account: async (id, name) => {
      await sql('insert into account (id, name, created_at) values ($1, $2, 0)', id, name)
      return account({ id, name })
    },
  }
}

/** As another process on the same database has them. */
export function newRights(database: Database, clock: ManualClock): Rights {
  return createRights({ database, version: createRightsVersion(database, clock) })
}

export const repositoryName = (text: string): RepositoryName => text as RepositoryName
