import { statement, transaction, type Tx } from '../../database/index.ts'

const times = {
  sqlite: (table: string, column: string) => `
    update ${table} set ${column} = wanted.at
    from (select json_extract(value, '$[0]') as id, json_extract(value, '$[1]') as at from json_each($1)) as wanted
    where ${table}.id = wanted.id and coalesce(${table}.${column}, 0) < wanted.at`,
  postgres: (table: string, column: string) => `
    update ${table} set ${column} = wanted.at
    from (select (value->>0)::bigint as id, (value->>1)::bigint as at from json_array_elements($1::json)) as wanted
    where ${table}.id = wanted.id and coalesce(${table}.${column}, 0) < wanted.at`,
}

const record = (table: string, column: string) =>
  statement({ sqlite: times.sqlite(table, column), postgres: times.postgres(table, column) })

const statements = {
  account: record('account', 'last_login_at'),
  robot: record('robot', 'last_used_at'),
  token: record('token', 'last_used_at'),
} as const

export type Used = keyof typeof statements

/** Ids, each with when it was used last, in ms since the epoch. */
export type Uses = Readonly<Record<Used, readonly (readonly [number, number])[]>>

/** Appends no event: what a read answers does not change, and there would be one each minute. */
export const recordUse = transaction('record use', async (tx: Tx, uses: Uses) => {
  for (const [kind, statementOfKind] of Object.entries(statements)) {
    const list = uses[kind as Used]
    if (list.length > 0) await tx.run(statementOfKind, JSON.stringify(list))
  }
  return { ok: null }
})
