import type { PoolClient } from 'pg'
import { brokenFacts, type Fact } from './facts.ts'
import { finalState } from './final-state.ts'
import { brokenInvariants } from './invariants.ts'
import { empty } from './rows.ts'

/** The rows that two transactions meet on. */
export interface Ground {
  /** Makes them by statements that answer none. */
  prepare(sql: string): Promise<void>
  look(): Promise<Sight>
}

/** What is to be seen when both have ended. */
export interface Sight {
  readonly state: string
  readonly brokenInvariants: readonly string[]
  readonly brokenFacts: readonly Fact[]
  /** Operation ids of the events. */
  readonly events: readonly string[]
}

/** Rows as they are made: copies of them are in a schema of that name. */
interface Start {
  readonly name: string
  readonly marks: Marks
}

/** Of each table a hash of its rows; null for one without any. */
type Marks = readonly (string | null)[]

interface Table {
  readonly name: string
  /** The number of a transaction is another one each time, and nothing that is looked at depends on it. */
  readonly columns: readonly string[]
}

interface Schema {
  readonly tables: readonly Table[]
  readonly sequences: readonly string[]
}

/** So often, in runs, what was deleted is cleared away: until then every scan passes it by. */
const emptied = 1_000

/** So many sights are remembered. */
const mostSights = 2_000

const unchecked = 'set session_replication_role = replica'

const tablesOf = `
  select relname as name, json_agg(quote_ident(attname) order by attnum) as columns
  from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped and atttypid <> 'xid8'::regtype
  where relnamespace = 'public'::regnamespace and relkind = 'r' group by relname order by relname`

const inspect = `
  select (${finalState}) as state, (${brokenInvariants}) as broken_invariants, (${brokenFacts}) as broken_facts,
    (select coalesce(json_agg(operation_id), '[]') from event) as events`

/**
 * The same few sets of rows are made tens of thousands of times, and two transactions leave few different ones behind. So only
 * tables that were changed are made anew, and rows that were looked at before are not looked at again: both are known by the
 * tables' marks.
 */
export async function createGround(client: PoolClient): Promise<Ground> {
  const schema = await readSchema(client)
  const starts = new Map<string, Start>()
  const sights = new Map<string, Sight>()
  /** Of what is there now; absent when it may have been changed since. */
  let present: Marks | undefined
  let runs = 0
  await client.query(unchecked)
  return Object.freeze<Ground>({
    prepare: async (sql) => {
      const made = starts.get(sql)
      const start = made ?? (await make(client, sql, `start_${starts.size}`, schema))
      starts.set(sql, start)
      const clearing = runs++ % emptied === 0
      if (clearing) await client.query(empty)
      if (clearing || made === undefined) present = undefined
      const changed = present && schema.tables.filter((_, at) => present?.[at] !== start.marks[at]).map(({ name }) => name)
      present = undefined
      await client.query({ name: start.name, text: `select ${start.name}.restore($1)`, values: [changed] })
    },
    look: async () => {
      present = await readMarks(client, schema)
      const key = present.join()
      const sight = sights.get(key) ?? (await see(client))
      if (sights.size >= mostSights) sights.clear()
      sights.set(key, sight)
      return sight
    },
  })
}

async function readSchema(client: PoolClient): Promise<Schema> {
  const { rows: tables } = await client.query<Table>(tablesOf)
  const { rows: sequences } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, sequencename) as name from pg_sequences`,
  )
  return { tables, sequences: sequences.map(({ name }) => name) }
}

/** Makes rows for the first time: whether they keep the foreign keys is looked at here. */
async function make(client: PoolClient, sql: string, name: string, schema: Schema): Promise<Start> {
  await client.query(`set session_replication_role = origin; select ${sequencesAt(schema, 1000)}`)
  await client.query(`do $rows$ begin ${sql}; end $rows$`)
  const marks = await readMarks(client, schema)
  const copied = new Set(schema.tables.filter((_, at) => marks[at] !== null).map((table) => table.name))
  const copies = [...copied].map((table) => `create table ${name}.${table} as table ${table}`)
  await client.query([unchecked, `create schema ${name}`, ...copies, restoring(name, copied, schema)].join('; '))
  return { name, marks }
}

/** A function that gives tables the rows of the start again, those that are named or all: each statement is planned once. */
function restoring(start: string, copied: ReadonlySet<string>, schema: Schema): string {
  const statements = schema.tables.map(({ name }) => {
    const copy = copied.has(name) ? `insert into ${name} overriding system value select * from ${start}.${name};` : ''
    return `if changed is null or '${name}' = any (changed) then delete from ${name}; ${copy} end if;`
  })
  return `create function ${start}.restore(changed text[]) returns void language plpgsql as $restore$ begin
    perform ${sequencesAt(schema, 2000)}; ${statements.join('\n')} end $restore$`
}

/** New rows have other ids than those that are there from the start, and the same ones in each run. */
function sequencesAt({ sequences }: Schema, at: number): string {
  return sequences.map((name) => `setval('${name}', ${at})`).join(', ')
}

async function readMarks(client: PoolClient, { tables }: Schema): Promise<Marks> {
  const marks = tables.map(({ name, columns }) => {
    const row = `row(${columns.join(', ')})::text`
    return `(select md5(string_agg(${row}, ' ' order by ${row})) from ${name})`
  })
  const text = `select array_to_json(array[${marks.join(', ')}]) as marks`
  const { rows } = await client.query<{ marks: Marks }>({ name: 'marks', text })
  return rows[0]?.marks ?? []
}

async function see(client: PoolClient): Promise<Sight> {
  const { rows } = await client.query<{ state: string; broken_invariants: string[]; broken_facts: Fact[]; events: string[] }>({
    name: 'look',
    text: inspect,
  })
  const [row] = rows
  if (row === undefined) throw new Error('no sight')
  return { state: row.state, brokenInvariants: row.broken_invariants, brokenFacts: row.broken_facts, events: row.events }
}
