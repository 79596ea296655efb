import { realpathSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import pg from 'pg'
import { findTool } from '../../tools/installed.ts'
import { freePort } from '../../tools/postgres.ts'
import { poll, within } from '../rig/poll.ts'
import { childrenOf, freeze, isOver } from './freeze.ts'
import type { ImageDisk } from './image-disk.ts'

/** A PostgreSQL server whose files are on a disk that loses its power. Durable as PostgreSQL is when nobody configures it. */
export interface DiskPostgres {
  /** postgres:// URL of a superuser on the database `postgres`, the same after each start. */
  readonly url: string
  /** Resolves when it has recovered and takes connections. */
  start(): Promise<void>
  /** Stops all its processes where they are. */
  freeze(): Promise<void>
  /** kill -9 for all its processes; resolves when they are gone. */
  kill(): Promise<void>
  /** Ends it, if it runs. */
  end(): Promise<void>
}

const startLimit = 30_000
// PostgreSQL refuses to run as root; Debian's package brings a user for it.
const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups']

export async function createDiskPostgres(disk: ImageDisk): Promise<DiskPostgres> {
  const program = findTool('postgres')
  if (program === undefined) throw new Error('PostgreSQL is not installed: npm test installs it')
  const programs = dirname(realpathSync(program))
  const [port, password] = [await freePort(), crypto.randomUUID()]
  writeFileSync(`${disk.fromHere}/password`, password, { mode: 0o600 })
  await disk.run(`chown postgres "$1/password"; mkdir "$1/postgres"; chown postgres "$1/postgres"; cd "$1/postgres"
    ${asPostgres.join(' ')} ${programs}/initdb -D "$1/postgres/data" -U postgres -A scram-sha-256 --pwfile="$1/password" \\
      -E UTF8 --locale=C
    rm "$1/password"; sync -f "$1"`)
  const settings = ['-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'deadlock_timeout=100ms']
  const command = [...disk.under, ...asPostgres, `${programs}/postgres`, '-D', `${disk.path}/postgres/data`, ...settings]
  const server = new DiskServer(command, `postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  await server.start()
  return server
}

class DiskServer implements DiskPostgres {
  readonly url: string
  readonly #command: string[]
  #process: Bun.Subprocess<'ignore', 'ignore', 'pipe'> | undefined

  constructor(command: string[], url: string) {
    this.#command = command
    this.url = url
  }

  async start(): Promise<void> {
    const started = Bun.spawn(this.#command, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = started
    let said = ''
    void (async () => {
      for await (const chunk of started.stderr) said = (said + new TextDecoder().decode(chunk)).slice(-4_000)
    })()
    await poll('the start of PostgreSQL', startLimit, async () => {
      if (started.exitCode !== null) throw new Error(`PostgreSQL ended: ${said}`)
      return (await answers(this.url)) ? true : undefined
    })
  }

  /** The first process first: after that there are no new ones. */
  async freeze(): Promise<void> {
    await freeze([this.#running.pid])
    await freeze(childrenOf(this.#running.pid))
  }

  async kill(): Promise<void> {
    const first = this.#running
    const pids = [first.pid, ...childrenOf(first.pid)]
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await within('the end of PostgreSQL', startLimit, first.exited)
    await poll('the end of its processes', startLimit, () => Promise.resolve(pids.every(isOver) ? true : undefined))
    this.#process = undefined
  }

  async end(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGCONT')
    this.#process.kill('SIGQUIT')
    await within('the end of PostgreSQL', startLimit, this.#process.exited)
  }

  get #running(): Bun.Subprocess {
    if (this.#process === undefined) throw new Error('PostgreSQL does not run')
    return this.#process
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
