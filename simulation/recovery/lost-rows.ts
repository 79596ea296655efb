import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** Where the rows are: how to lose them, and how a server is told of them. */
export interface Rows {
  readonly settings: Readonly<Record<string, string>>
  lose(data: string): Promise<void>
  dispose(): Promise<void>
}

const sqlite = (): Promise<Rows> =>
  Promise.resolve({
    settings: {},
    lose: async (data) => {
      for (const name of readdirSync(data)) if (name.startsWith('berth.db')) rmSync(join(data, name))
    },
    dispose: () => Promise.resolve(),
  })

async function postgres(server: string): Promise<Rows> {
  const name = `berth_lost_${crypto.randomUUID().replaceAll('-', '')}`
  const drop = () => administer(server, `drop database ${name} with (force)`)
  const create = () => administer(server, `create database ${name}`)
  await create()
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  const lose = async (): Promise<void> => {
    await drop()
    await create()
  }
  return { settings: { BERTH_DATABASE_URL: url }, lose, dispose: drop }
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Both places, for `describe.each`; without a PostgreSQL server its own is absent. */
export function lostRows(): readonly (readonly [name: string, create: (() => Promise<Rows>) | undefined])[] {
  const server = process.env['BERTH_TEST_POSTGRES']
  return [
    ['SQLite', sqlite],
    ['PostgreSQL', server === undefined ? undefined : () => postgres(server)],
  ]
}
