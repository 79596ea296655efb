import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { findTool, isRoot } from '../../tools/installed.ts'
import { freePort } from '../../tools/postgres.ts'
import { poll } from '../rig/poll.ts'
import { PostgresProcess } from '../rig/postgres-process.ts'
import { createTestedPostgres, type TestedDatabase } from '../rig/tested-database.ts'

/** A new database on a PostgreSQL of its own, which can be taken away. Its files are for tests: only processes crash here. */
export async function createOwnPostgres(): Promise<TestedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-kill-postgres-'))
  let server: PostgresProcess | undefined
  const end = async (): Promise<void> => {
    await server?.end()
    await rm(folder, { recursive: true })
  }
  try {
    const started = (server = await initialize(folder))
    await started.start()
    const database = await createTestedPostgres(started.url)
    const name = new URL(database.settings['BERTH_DATABASE_URL'] ?? '').pathname.slice(1)
    return Object.freeze<TestedDatabase>({ ...database, takeAway: (n) => takeAway(started, name, n), dispose: end })
  } catch (error) {
    await end()
    throw error
  }
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
async function initialize(folder: string): Promise<PostgresProcess> {
  const program = findTool('postgres')
  if (program === undefined) throw new Error('PostgreSQL is not installed: npm test installs it')
  const programs = dirname(realpathSync(program))
  const user = isRoot() ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : []
  const [data, password, port] = [join(folder, 'data'), crypto.randomUUID(), await freePort()]
  await writeFile(join(folder, 'password'), password, { mode: 0o600 })
  if (isRoot()) await run(['chown', '-R', 'postgres', folder])
  const format = ['-A', 'scram-sha-256', `--pwfile=${join(folder, 'password')}`, '-E', 'UTF8', '--locale=C', '--no-sync']
  await run([...user, join(programs, 'initdb'), '-D', data, '-U', 'postgres', ...format])
  const settings = ['-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off', '-c', 'deadlock_timeout=100ms']
  const command = [...user, join(programs, 'postgres'), '-D', data, ...settings]
  return new PostgresProcess(command, `postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  const [said, code] = await Promise.all([child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${said}`)
}

/** Longer than a server tries again, so that it has to refuse. */
const away = 5_000
/** Longer than a server waits for an answer. */
const hung = 12_000

/** Killed and started again in all the ways there are, one after the other; and stopped for a while, answering nothing. */
async function takeAway(server: PostgresProcess, database: string, n: number): Promise<void> {
  const ways = [
    () => server.killOneBackend(database),
    async () => {
      await server.kill()
      await server.start()
    },
    async () => {
      await server.quit()
      await Bun.sleep(away)
      await server.start()
    },
    () => hang(server, database),
    async () => {
      await server.behead()
      await server.start()
    },
  ]
  await ways[(n - 1) % ways.length]?.()
}

/** What was sent to it before is done when it goes on, although nobody waits for it any more: resolves after that. */
async function hang(server: PostgresProcess, database: string): Promise<void> {
  await server.freeze()
  await Bun.sleep(hung)
  const thawed = new Date().toISOString()
  server.thaw()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    const old = 'select 1 from pg_stat_activity where datname = $1 and xact_start < $2::timestamptz'
    const isOver = async () => ((await client.query(old, [database, thawed])).rowCount === 0 ? true : undefined)
    await poll('the end of what a stopped PostgreSQL was at', 30_000, isOver)
  } finally {
    await client.end()
  }
}
