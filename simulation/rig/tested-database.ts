import pg from 'pg'
import { openPostgresReader, type DatabaseReader } from '../../src/database/index.ts'
import { poll } from './poll.ts'
import { openSqliteCopy } from './sqlite-copy.ts'

/** The database a server under test uses. */
export interface TestedDatabase {
  /** What tells the server of it. */
  readonly settings: Readonly<Record<string, string>>
  /** Between so many ms after the load began comes the kill: while much is under way. */
  readonly killAfter: readonly [number, number]
  /** After a kill: resolves when nothing that the dead server sent can take place any more. */
  settled(): Promise<void>
  /** Takes it away from a running server, in the n-th of several ways, and resolves when it is back. */
  readonly takeAway?: (n: number) => Promise<void>
  /** Opens it to look at it, while no server runs. */
  open(data: string): Promise<DatabaseReader>
  dispose(): Promise<void>
}

/** The SQLite database in the data directory: it ends with the process. */
export const testedSqlite = Object.freeze<TestedDatabase>({
  settings: {},
  killAfter: [30, 150],
  settled: () => Promise.resolve(),
  open: openSqliteCopy,
  dispose: () => Promise.resolve(),
})

const settleLimit = 30_000

/** A new database on a PostgreSQL server, which outlives the server under test and may still commit what that sent last. */
export async function createTestedPostgres(server: string): Promise<TestedDatabase> {
  const name = `berth_kill_${crypto.randomUUID().replaceAll('-', '')}`
  await onServer(server, (client) => client.query(`create database ${name}`))
  const url = new URL(server)
  url.pathname = `/${name}`
  const connected = 'select 1 from pg_stat_activity where datname = $1'
  return Object.freeze<TestedDatabase>({
    settings: { BERTH_DATABASE_URL: url.href },
    // A new server has to log in on each of its connections first.
    killAfter: [100, 500],
    settled: () =>
      onServer(server, async (client) => {
        const isOver = async () => ((await client.query(connected, [name])).rowCount === 0 ? true : undefined)
        await poll('the end of the connections of a killed server', settleLimit, isOver)
      }),
    // A connection that still ends when the database is dropped is no loss; one that is needed fails its query.
    open: () => openPostgresReader({ url: url.href, installation: undefined, onIdleError: () => undefined }),
    dispose: () => onServer(server, async (client) => void (await client.query(`drop database ${name} with (force)`))),
  })
}

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
