import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

export interface ServerOptions {
  /** Further flags of `berth serve`. */
  readonly flags?: readonly string[] | undefined
  /** What stands before the program: another one that becomes it. */
  readonly through?: readonly string[] | undefined
  /** Its whole environment, beside PATH. Without a word about `BERTH_OPEN` the server is open to all, as most checks need it. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** A data folder that is the caller's to remove. Without one the server gets a folder that goes when it ends. */
  readonly data?: string | undefined
}

/** `berth serve` as users start it, in a process group of its own, on a free loopback port. */
export interface Server {
  /** `http://127.0.0.1:port`, or with https where its environment names a certificate. */
  readonly url: string
  readonly data: string
  readonly pid: number
  /** What it wrote so far: its words for people, and the log. */
  output(): string
  /** Sends SIGTERM at once, waits until the server has ended and returns its exit code. */
  stop(): Promise<number>
  /** Ends it without any warning. */
  kill9(): Promise<void>
}

/** The launcher of this checkout. */
export const berth = join(import.meta.dir, '../berth')

/** What a program gets of the environment: nothing that configures Berth, nothing that names a proxy. */
export function cleanEnvironment(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...own }
}

/**
 * Starts a server and waits until it answers.
 * @throws Error with what it printed when it ends instead
 */
export async function startServer({ flags = [], through = [], env, data }: ServerOptions = {}): Promise<Server> {
  const folder = temporaryFolder()
  const path = data ?? join(folder.path, 'data')
  const log = join(folder.path, 'output')
  const command = [...through, berth, 'serve', '--listen', '127.0.0.1:0', '--data', path, ...flags]
  const child = spawnGroup(command, cleanEnvironment({ BERTH_OPEN: 'true', ...env }), folder.path, log)
  let kept: string | undefined
  const output = () => kept ?? readFileSync(log, 'utf8')
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number> => {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
    const code = await child.exited
    clearTimeout(late)
    killGroup(child.pid)
    kept ??= output()
    folder.remove()
    return code
  }
  try {
    const url = await untilReady(child, output)
    return Object.freeze({
      url,
      data: path,
      pid: child.pid,
      output,
      stop: () => end('SIGTERM'),
      kill9: async () => void (await end('SIGKILL')),
    })
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
}

type Child = Bun.Subprocess<'ignore', number, number>

function spawnGroup(command: string[], env: Record<string, string>, cwd: string, log: string): Child {
  const file = openSync(log, 'a')
  try {
    return Bun.spawn(command, { cwd, env, stdin: 'ignore', stdout: file, stderr: file, detached: true })
  } finally {
    closeSync(file)
  }
}

async function untilReady(child: Child, output: () => string): Promise<string> {
  const url = await until('the server says where it serves', () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${output()}`)
    return /serving on (https?:\/\/\S+)\n/.exec(output())?.[1]
  })
  await until('the server is ready', async () => (await fetch(`${url}/readyz`, { tls: { rejectUnauthorized: false } })).ok)
  return url
}

/** Whatever the process left behind in its group. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
