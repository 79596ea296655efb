import type { PoolClient } from 'pg'
import { administer } from '../for-each-database.testing.ts'
import { openPostgresDatabase } from '../postgres/index.ts'
import { createPool } from '../postgres/client.ts'
import { systemClock, systemIds } from '../../lib/index.ts'
import { Contender } from './contender.ts'
import { createFootprints, readSchema, type Footprints, type ForeignKey, type Schema } from './footprint.ts'
import { createGround, type Ground } from './ground.ts'
import { createObserver, type Observer } from './observer.ts'

/** A database with two connections that are stepped through and one that watches them. */
export interface Arena extends Ground {
  readonly sides: readonly [Contender, Contender]
  readonly observer: Observer
  readonly footprints: Footprints
  close(): Promise<void>
}

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
  for (const client of [first, second]) await client.query(`${cheaply}; set deadlock_timeout = '1h'`)
  await third.query(`${cheaply}; set lock_timeout = '20s'`)
  return Object.freeze<Arena>({
    sides: [new Contender(first), new Contender(second)],
    observer: createObserver(third),
    footprints: createFootprints(await schemaOf(third)),
    ...(await createGround(third)),
    close: async () => {
      closing = true
      for (const client of [first, second, third]) client.release()
      await pool.end()
      await administer(server, `drop database ${name} with (force)`)
    },
  })
}

/** The same statements come tens of thousands of times, on a few rows: each is planned once. */
const cheaply = 'set synchronous_commit = off; set plan_cache_mode = force_generic_plan'

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
