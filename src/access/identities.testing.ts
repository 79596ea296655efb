import type { DatabaseKind, TestDatabase } from '../database/for-each-database.testing.ts'
import { statement, transaction } from '../database/index.ts'
import { createManualClock, systemIds, type ManualClock } from '../lib/index.ts'
import { transactions } from '../transactions.ts'
import { createIdentities, type Identities } from './create-identities.ts'
import type { Principal } from './principal.ts'
import { createRightsVersion } from './rights/rights-version.ts'
import type { PasswordHashing } from './secrets/passwords.ts'
import type { IdentitySource } from './sources/identity-source.ts'

export const actor = { identity: 'root', address: '127.0.0.1' }
export const good = 'plum-Canoe 77 riddle'

/** Compares texts and counts how often: what a hash costs is not what most tests are about. */
export function createCountedHashing() {
  const beginning = '$argon2id$v=19$m=19456,t=2,p=1$'
  const counts = { hashed: 0, compared: 0 }
  const hashing: PasswordHashing = {
    hash: (password) => {
      counts.hashed++
      return Promise.resolve(`${beginning}${password}`)
    },
    verify: (password, hash) => {
      counts.compared++
      return Promise.resolve(hash === `${beginning}${password}` || hash === `bcrypt of ${password}`)
    },
  }
  return { hashing, counts }
}

export interface World extends TestDatabase {
  readonly clock: ManualClock
  readonly identities: Identities
  readonly counts: { hashed: number; compared: number }
  readonly warnings: { readonly message: string; readonly details: Readonly<Record<string, unknown>> }[]
  readonly changed: string[]
  /** Statements of the test itself. */
  run(sql: string, ...values: (string | number | null)[]): Promise<void>
  events(): Promise<{ readonly kind: string; readonly keys: string; readonly actor: string | null; readonly result: string }[]>
}

const statements = new Map<string, ReturnType<typeof statement>>()
const runSql = transaction('test.run', async (tx, { sql, values }: { readonly sql: string; readonly values: (string | number | null)[] }) => {
  const made = statements.get(sql) ?? statement(sql)
  statements.set(sql, made)
  await tx.run(made, ...values)
  return { ok: null }
})
const tables = new Map([...transactions, [runSql.name, runSql]])
const everyEvent = statement<{ kind: string; keys: string; actor: string | null; result: string }>('select kind, keys, actor, result from event order by seq')

/** Everything that knows identities, on a database of its own. */
export async function createWorld({ create }: DatabaseKind, { sources = [] }: { readonly sources?: readonly IdentitySource[] } = {}): Promise<World> {
  const clock = createManualClock(1_700_000_000_000)
  const t = await create(tables, clock)
  const { hashing, counts } = createCountedHashing()
  const warnings: World['warnings'] = []
  const changed: string[] = []
  const identities = createIdentities({
    database: t.database,
    clock,
    ids: systemIds,
    version: createRightsVersion(t.database, clock),
    hashing,
    hashesAtOnce: 2,
    sources,
    passwordChanged: (name) => Promise.resolve(void changed.push(name)),
    warn: (message, details) => void warnings.push({ message, details }),
  })
  return {
    ...t,
    clock,
    identities,
    counts,
    warnings,
    changed,
    run: async (sql, ...values) => {
      await t.database.transact(runSql, { sql, values })
    },
    events: async () => await t.database.all(everyEvent),
    dispose: async () => {
      await identities.close()
      await t.dispose()
    },
  }
}

/** A project, made without what makes projects. */
export async function addProject({ run }: World, id: number, name: string): Promise<void> {
  await run('insert into namespace (id, domain_id, name, created_at) values ($1, 1, $2, 0)', id, name)
}

export async function addAdmin({ run, identities }: World, name: string): Promise<void> {
  const { id } = await identities.accounts.create(actor, { name, password: good })
  await run(`insert into access_grant (prefix, exact, subject_kind, subject_id, role, created_at) values ('', 0, 'account', $1, 'admin', 0)`, id)
}

/** Whoever logs in; fails when nobody does. */
export async function principalOf({ identities }: World, user: string, secret: string, address = '10.0.0.1'): Promise<Principal> {
  const answer = await identities.authenticator.basic(user, secret, address)
  if ('failed' in answer) throw new Error(`${user} was not recognized: ${answer.failed}`)
  return answer.principal
}
