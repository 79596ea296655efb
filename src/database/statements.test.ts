import { describe, expect, test } from 'bun:test'
import { Database as Sqlite } from 'bun:sqlite'
import pg from 'pg'
import { testPostgres } from './for-each-database.testing.ts'
import { openPostgresDatabase, type Statement } from './index.ts'
import { migrations, sqliteTypes } from './migrations/index.ts'
import { systemClock, systemIds } from '../lib/index.ts'

/** Those of the program alone, in a process of its own: this one may have loaded statements of other tests. */
function programStatements(): Statement<unknown>[] {
  const print = `
    await import('${import.meta.dir}/../app.ts')
    await import('${import.meta.dir}/../transactions.ts')
    const { everyStatement } = await import('${import.meta.dir}/index.ts')
    process.stdout.write(JSON.stringify(everyStatement()))`
  return JSON.parse(Bun.spawnSync([process.execPath, '-e', print]).stdout.toString()) as Statement<unknown>[]
}

const written = programStatements().filter(({ sqlite }) => !/schema_version|sqlite_schema|^pragma/.test(sqlite))

/** Asked once at the start, and most objects are live: the first one ends it. */
const endsAtOnce = /from object where state = 'live' limit 1/

/** A handful of rows, whatever the installation holds. */
const isSmall = /(from|into) signing_key/

/** Sorts what it has found by index, not what is stored: the children of one manifest, the names that one project had before, what comes back with a manifest. */
const sortsFew = /reference r\s+join blob b|namespace_alias a join namespace n on n\.id = a\.namespace_id\s+where n\.name|\) wanted\s+cross join/

describe('every statement', () => {
  test('is found', () => expect(written.length).toBeGreaterThan(60))

  const database = new Sqlite(':memory:')
  for (const { statements } of migrations) for (const sql of statements(sqliteTypes)) database.run(sql)

  test.each(written.map(({ sqlite }) => [sqlite.replace(/\s+/g, ' ').trim().slice(0, 90), sqlite]))('finds its rows by index on SQLite: %s', (_name, sql) => {
    const plan = (database.query(`explain query plan ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail)
    const reads = plan.filter((step) => /^SCAN (?!wanted|json_each|CONSTANT)/.test(step) && !isFirstOfIndex(step, sql))
    // One column of such an index finds all that there are in a repository.
    const walks = plan.filter((step) => step.endsWith('sqlite_autoindex_reference_1 (repository_id=?)'))
    const sorts = sortsFew.test(sql) ? [] : plan.filter((step) => step.includes('TEMP B-TREE'))
    expect(isSmall.test(sql) ? [] : [...reads, ...walks, ...sorts]).toEqual([])
  })

  const server = testPostgres()
  const unset = server === undefined ? ' (skipped: BERTH_TEST_POSTGRES is not set)' : ''
  test.skipIf(server === undefined)(`PostgreSQL understands it${unset}`, async () => {
    const client = new pg.Client({ connectionString: server as string })
    await client.connect()
    const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
    await client.query(`create database ${name}`)
    const url = new URL(server as string)
    url.pathname = `/${name}`
    const made = await openPostgresDatabase({ url: url.href, mustExist: false, clock: systemClock, ids: systemIds, onIdleError: () => undefined })
    const prepared = new pg.Client({ connectionString: url.href })
    await prepared.connect()
    for (const { name: id, postgres } of written) await prepared.query(`prepare ${id} as ${postgres}`)
    await prepared.end()
    await made.close()
    await client.query(`drop database ${name} with (force)`)
    await client.end()
  })
})

/** A page from the beginning or an extreme: read in index order and stopped early. */
function isFirstOfIndex(step: string, sql: string): boolean {
  if (endsAtOnce.test(sql)) return true
  return step.includes('USING') && (/max\(/.test(sql) || /limit/.test(sql))
}
