import type { PoolClient } from 'pg'
import { administer } from '../for-each-database.testing.ts'
import { openPostgresDatabase } from '../postgres/index.ts'
import { createPool } from '../postgres/client.ts'
import { systemClock, systemIds } from '../../lib/index.ts'
import { Contender } from './contender.ts'
import { brokenFacts, type Fact } from './facts.ts'
import { finalState } from './final-state.ts'
import { createFootprints, readSchema, type Footprints, type ForeignKey, type Schema } from './footprint.ts'
import { brokenInvariants } from './invariants.ts'
import { createObserver, type Observer } from './observer.ts'
import { empty } from './rows.ts'

/** A database with two connections that are stepped through and one that watches them. */
export interface Arena {
  readonly sides: readonly [Contender, Contender]
  readonly observer: Observer
  readonly footprints: Footprints
  /** Runs statements that make the rows, and answer none. */
  prepare(sql: string): Promise<void>
  look(): Promise<Sight>
  close(): Promise<void>
}

/** What is to be seen when both have ended. */
export interface Sight {
  readonly state: string
  readonly brokenInvariants: readonly string[]
  readonly brokenFacts: readonly Fact[]
  /** Operation ids of the events. */
  readonly events: readonly string[]
}

const inspect = `
  select (${finalState}) as state, (${brokenInvariants}) as broken_invariants, (${brokenFacts}) as broken_facts,
    (select coalesce(json_agg(operation_id), '[]') from event) as events`

export async function openArena(server: string): Promise<Arena> {
  const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  await createSchema(url.href)
  let closing = false
  const pool = createPool(url.href, 3, (error) => {
    // Dropping the database can overtake the end of a closed connection.
    if (!closing) throw error
  })
  const [first, second, third] = [await pool.connect(), await pool.connect(), await pool.connect()]
  // Deadlocks are ended here, by a choice that can be repeated, before the server would.
  for (const client of [first, second]) await client.query(`set deadlock_timeout = '1h'; set synchronous_commit = off`)
  // Whether the rows it makes keep the foreign keys is looked at once for each set of them.
  await third.query(`set synchronous_commit = off; set lock_timeout = '20s'; ${unchecked}`)
  // The rows made before each run have ids of their own.
  await third.query(`select setval(format('%I.%I', schemaname, sequencename), 1000) from pg_sequences`)
  return Object.freeze<Arena>({
    sides: [new Contender(first), new Contender(second)],
    observer: createObserver(third),
    footprints: createFootprints(await schemaOf(third)),
    prepare: createPreparation(third),
    look: () => look(third),
    close: async () => {
      closing = true
      for (const client of [first, second, third]) client.release()
      await pool.end()
      await administer(server, `drop database ${name} with (force)`)
    },
  })
}

const unchecked = 'set session_replication_role = replica'

/** So often, in runs, what was deleted is cleared away: until then every scan passes it by. */
const emptied = 200

/** The same few sets of rows are made thousands of times: each by a function of the server, which parses and plans it once. */
function createPreparation(client: PoolClient): Arena['prepare'] {
  const functions = new Map<string, string>()
  let runs = 0
  return async (sql) => {
    if (runs++ % emptied === 0) await client.query(empty)
    const name = functions.get(sql) ?? `rows_${functions.size}`
    if (!functions.has(sql)) {
      await client.query(`create function ${name}() returns void language plpgsql as $rows$ begin ${sql}; end $rows$`)
      await client.query(`set session_replication_role = origin; select ${name}(); ${unchecked}`)
      functions.set(sql, name)
    }
    await client.query({ name, text: `select ${name}()` })
  }
}

async function createSchema(url: string): Promise<void> {
  const onIdleError = (error: Error): never => {
    throw error
  }
  const database = await openPostgresDatabase({ url, mustExist: false, clock: systemClock, ids: systemIds, onIdleError })
  await database.close()
}

async function schemaOf(client: PoolClient): Promise<Schema> {
  const { rows } = await client.query<{ tables: string[]; foreign_keys: ForeignKey[] }>(readSchema)
  const [row] = rows
  if (row === undefined) throw new Error('no schema')
  return { tables: new Set(row.tables), foreignKeys: row.foreign_keys }
}

async function look(client: PoolClient): Promise<Sight> {
  const { rows } = await client.query<{ state: string; broken_invariants: string[]; broken_facts: Fact[]; events: string[] }>({
    name: 'look',
    text: inspect,
  })
  const [row] = rows
  if (row === undefined) throw new Error('no sight')
  return { state: row.state, brokenInvariants: row.broken_invariants, brokenFacts: row.broken_facts, events: row.events }
}
