import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findTool } from '../tools/installed.ts'
import { cleanEnvironment } from './server.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

/** Another server, for a moment on a free port of the loopback. */
export interface OtherProgram {
  readonly url: string
  readonly pid: number
  /** Holds its files, and goes with it. */
  readonly folder: string
  /** What it wrote so far. */
  output(): string
  stop(): Promise<void>
}

/** Where it is to be: an empty folder but for `tmp`, and a port. */
export interface Place {
  readonly folder: string
  readonly port: number
}

export interface Plan {
  /** By their name in the folder. */
  readonly files: Readonly<Record<string, string>>
  /** What follows the name of the program. */
  readonly command: readonly string[]
  readonly scheme?: 'http' | 'https'
}

/**
 * Starts a program of tools/components.ts and waits until it answers `ready`, a path, with any status.
 * @throws Error with what it printed when it ends instead
 */
export async function startProgram(name: string, ready: string, plan: (place: Place) => Plan | Promise<Plan>): Promise<OtherProgram> {
  const program = findTool(name)
  if (program === undefined) throw new Error(`${name} is not installed`)
  const folder = temporaryFolder()
  const port = await freePort()
  mkdirSync(join(folder.path, 'tmp'))
  const { files, command, scheme = 'http' } = await plan({ folder: folder.path, port })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder.path, file), text)
  const written = join(folder.path, 'output')
  const log = openSync(written, 'a')
  const child = Bun.spawn([program, ...command], { env: cleanEnvironment(), stdin: 'ignore', stdout: log, stderr: log })
  closeSync(log)
  let kept: string | undefined
  const output = () => kept ?? readFileSync(written, 'utf8')
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await child.exited
    clearTimeout(late)
    kept ??= output()
    folder.remove()
  }
  const url = `${scheme}://127.0.0.1:${port}`
  try {
    await until(`${name} answers`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output()}`)
      return answers(url + ready)
    })
  } catch (error) {
    await stop()
    throw error
  }
  return Object.freeze({ url, pid: child.pid, folder: folder.path, output, stop })
}

/** With any status: it may ask for a login. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { keepalive: false, tls: { rejectUnauthorized: false } })).status > 0
  } catch {
    return false // Nobody listens yet.
  }
}

/** Taken and given back: another process may take it in between, which the caller sees as a program that ended. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
