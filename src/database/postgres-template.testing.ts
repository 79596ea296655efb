import pg from 'pg'
import { systemClock, systemIds } from '../lib/index.ts'
import { migrations, postgresTypes } from './migrations/index.ts'
import { openPostgresDatabase } from './postgres/index.ts'

/** Of the migrations as they are: another program's has another name. */
const template = `berth_template_${Bun.hash(JSON.stringify(migrations.map(({ statements }) => statements(postgresTypes)))).toString(16)}`
/** Processes that want the template at once make it one after the other. */
const makingLock = 7_283_150

/**
 * Makes a database with the program's tables and nothing in them. To copy one takes a third of the time of making the tables; it stays
 * on the server, which is thrown away after a test run.
 */
export async function copyTemplate(server: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await makeTemplate(client, server)
    await client.query(`create database ${name} template ${template}`)
  } finally {
    await client.end()
  }
}

async function makeTemplate(client: pg.Client, server: string): Promise<void> {
  if (await isThere(client)) return
  await client.query('select pg_advisory_lock($1)', [makingLock])
  try {
    if (await isThere(client)) return
    const unfinished = `${template}_unfinished`
    await client.query(`drop database if exists ${unfinished} with (force)`)
    await client.query(`create database ${unfinished}`)
    await fill(server, unfinished)
    await client.query(`alter database ${unfinished} rename to ${template}`)
  } finally {
    await client.query('select pg_advisory_unlock($1)', [makingLock])
  }
}

async function isThere(client: pg.Client): Promise<boolean> {
  return ((await client.query('select 1 from pg_database where datname = $1', [template])).rowCount ?? 0) > 0
}

async function fill(server: string, name: string): Promise<void> {
  const url = new URL(server)
  url.pathname = `/${name}`
  const made = await openPostgresDatabase({ url: url.href, mustExist: false, clock: systemClock, ids: systemIds, onIdleError: () => undefined })
  await made.close()
  const inside = new pg.Client({ connectionString: url.href })
  await inside.connect()
  // Each copy is an installation of its own.
  await inside.query(`delete from meta where name in ('installation', 'secret')`)
  await inside.end()
}
