import { cleanEnvironment } from './server.ts'

export interface RunOptions {
  /** Its whole environment, beside PATH. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  /** What it reads from its standard input; nothing otherwise. */
  readonly input?: string | undefined
}

/** How a program ended and what it said. */
export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Milliseconds after which a program is taken for stuck and killed. */
const patience = 120_000

/** Runs a program to its end. */
export async function runProgram(command: readonly string[], { env, cwd = '/', input }: RunOptions = {}): Promise<Finished> {
  const child = Bun.spawn([...command], {
    cwd,
    env: cleanEnvironment(env),
    stdio: [input === undefined ? 'ignore' : new Blob([input]), 'pipe', 'pipe'],
    timeout: patience,
    killSignal: 'SIGKILL',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out, err }
}

/**
 * Runs a program that has to succeed and returns what it printed.
 * @throws Error with all its words when it fails
 */
export async function succeed(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, out, err } = await runProgram(command, options)
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${out}${err}`)
  return out
}
