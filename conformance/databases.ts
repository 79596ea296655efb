import pg from 'pg'

/** Where a server under test keeps its rows. */
export interface DatabaseKind {
  readonly name: 'SQLite' | 'PostgreSQL'
  create(): Promise<TestDatabase>
}

/** An empty database of its own. */
export interface TestDatabase {
  /** What a server needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>
  drop(): Promise<void>
}

export const sqlite: DatabaseKind = Object.freeze({
  name: 'SQLite',
  create: () => Promise.resolve({ env: {}, drop: () => Promise.resolve() }),
})

/** The PostgreSQL that the test run started; absent when tests are run by hand without one. */
export function testPostgres(): DatabaseKind | undefined {
  const server = process.env['BERTH_TEST_POSTGRES']
  if (server === undefined) return undefined
  return Object.freeze({
    name: 'PostgreSQL',
    async create() {
      const name = `berth_${crypto.randomUUID().replaceAll('-', '')}`
      // Not the collation of bytes, as databases of users rarely have it.
      await administer(server, `create database ${name} template template0 locale_provider icu icu_locale 'en-US'`)
      const url = new URL(server)
      url.pathname = `/${name}`
      return { env: { BERTH_DATABASE_URL: url.href }, drop: () => administer(server, `drop database ${name} with (force)`) }
    },
  })
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
