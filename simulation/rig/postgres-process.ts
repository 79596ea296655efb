import pg from 'pg'
import { childrenOf, freeze, isOver } from './freeze.ts'
import { poll, within } from './poll.ts'

const startLimit = 30_000

/** PostgreSQL with all its processes, to be ended in any way and started again on the same files. */
export class PostgresProcess {
  /** postgres:// URL of a superuser on the database `postgres`, the same after each start. */
  readonly url: string
  readonly #command: string[]
  #process: Bun.Subprocess<'ignore', 'ignore', 'pipe'> | undefined

  /** `command` must exec what it runs the server under, so that the process id stays the server's. */
  constructor(command: string[], url: string) {
    this.#command = command
    this.url = url
  }

  /** Resolves when it has recovered and takes connections. */
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

  /** Stops all its processes where they are: the first one first, after which there are no new ones. */
  async freeze(): Promise<void> {
    await freeze([this.#running.pid])
    await freeze(childrenOf(this.#running.pid))
  }

  /** All of them go on. */
  thaw(): void {
    for (const pid of [...childrenOf(this.#running.pid), this.#running.pid]) process.kill(pid, 'SIGCONT')
  }

  /** kill -9 for all its processes; resolves when they are gone. */
  async kill(): Promise<void> {
    const pids = [this.#running.pid, ...childrenOf(this.#running.pid)]
    await this.#endWith(pids, () => pids.forEach((pid) => process.kill(pid, 'SIGKILL')))
  }

  /** kill -9 for the first process alone: the others find out, and end. */
  async behead(): Promise<void> {
    await freeze([this.#running.pid])
    const pids = [this.#running.pid, ...childrenOf(this.#running.pid)]
    await this.#endWith(pids, () => process.kill(this.#running.pid, 'SIGKILL'))
  }

  /** SIGQUIT: it ends at once and finishes nothing. */
  async quit(): Promise<void> {
    const pids = [this.#running.pid, ...childrenOf(this.#running.pid)]
    await this.#endWith(pids, () => process.kill(this.#running.pid, 'SIGQUIT'))
  }

  /** kill -9 for one that serves a connection to `database`: PostgreSQL then cuts off all others, recovers, and goes on. */
  async killOneBackend(database: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url })
    client.on('error', () => undefined)
    await client.connect()
    const backends = await client.query<{ pid: number }>('select pid from pg_stat_activity where datname = $1 order by random()', [database])
    const pid = backends.rows[0]?.pid
    if (pid === undefined) throw new Error(`nobody is connected to ${database}`)
    process.kill(pid, 'SIGKILL')
    await client.end().catch(() => undefined)
    await poll('the end of a backend', startLimit, () => Promise.resolve(isOver(pid) ? true : undefined))
    await poll('the recovery of PostgreSQL', startLimit, async () => ((await answers(this.url)) ? true : undefined))
  }

  /** Ends it, if it runs. */
  async end(): Promise<void> {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGCONT')
    this.#process.kill('SIGQUIT')
    await within('the end of PostgreSQL', startLimit, this.#process.exited)
  }

  async #endWith(pids: readonly number[], signal: () => void): Promise<void> {
    const first = this.#running
    signal()
    await within('the end of PostgreSQL', startLimit, first.exited)
    await poll('the end of its processes', startLimit, () => Promise.resolve(pids.every(isOver) ? true : undefined))
    this.#process = undefined
  }

  get #running(): Bun.Subprocess {
    if (this.#process === undefined) throw new Error('PostgreSQL does not run')
    return this.#process
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
