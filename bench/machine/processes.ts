import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'

export interface ProcessOptions {
  /** The core it runs on, with all of its threads. Without one it shares ours. */
  readonly core?: number
  readonly folder?: string
  /** A file for all it says, or `pipe` for its standard output to be read. */
  readonly stdout: 'pipe' | { readonly file: string }
}

export type Started = Bun.Subprocess<'ignore', 'pipe' | number, 'inherit' | number>
/** One whose standard output can be read. */
export type Piped = Bun.Subprocess<'ignore', 'pipe', 'inherit'>

/** What this program started and has not seen end. */
const running = new Set<Started>()

/** The whole environment of what is started: nothing that configures it by accident. */
export const processEnvironment = { PATH: `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` }

export function findProgram(name: string): string | undefined {
  return Bun.which(name, processEnvironment) ?? undefined
}

export function startProcess(command: readonly string[], options: ProcessOptions & { stdout: 'pipe' }): Piped
export function startProcess(command: readonly string[], options: ProcessOptions): Started
export function startProcess(command: readonly string[], { core, folder, stdout }: ProcessOptions): Started {
  // taskset becomes the program, so the process id is the program's.
  const line = core === undefined ? [...command] : ['taskset', '-c', `${core}`, ...command]
  const file = stdout === 'pipe' ? undefined : openSync(stdout.file, 'a')
  try {
    const child = Bun.spawn(line, {
      ...(folder === undefined ? {} : { cwd: folder }),
      env: processEnvironment,
      stdin: 'ignore',
      stdout: file ?? 'pipe',
      stderr: file ?? 'inherit',
    })
    running.add(child)
    void child.exited.then(() => running.delete(child))
    return child
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Asks whatever still runs to end; who waits for one of them goes on then. */
export function endProcesses(): void {
  for (const child of running) child.kill('SIGTERM')
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
