import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort, readUse, startProcess } from '../machine/index.ts'
import { basic } from '../load/index.ts'
import { makeCertificate } from './make-certificate.ts'
import type { Login, Place, System } from './system.ts'

export interface RunningSystem {
  readonly place: Place
  readonly port: number
  readonly tls: boolean
  readonly pid: number
  /** From its start until it answered: what that took, and the CPU it used. */
  readonly startUp: { readonly seconds: number; readonly cpuSeconds: number }
  /** Asks it to end, and insists after ten seconds. */
  stop(): Promise<void>
}

/** What servers are to do beyond answering everybody. */
export interface Wanted {
  readonly tls?: boolean | undefined
  readonly login?: boolean | undefined
  readonly metrics?: boolean | undefined
  readonly settings?: string | undefined
}

/** The same in every run: whatever a server keeps of it stays true on a storage that is used again. */
const login: Login = { user: 'admin', password: 'plum-Canoe-77-riddle' }

const patience = 20_000
const insistAfter = 10_000

/**
 * Starts a system on one core, in a folder that exists, and waits until it answers.
 * @throws Error with what it said when it does not come up
 */
export async function startSystem(system: System, folder: string, core?: number, wanted: Wanted = {}): Promise<RunningSystem> {
  const port = await freePort()
  const tls = wanted.tls === true
  const place: Place = {
    folder,
    port: `${port}`,
    ...(tls ? { tls: makeCertificate(folder) } : {}),
    ...(wanted.login === true ? { login } : {}),
    ...(wanted.metrics === true ? { metrics: `${await freePort()}` } : {}),
    ...(wanted.settings === undefined ? {} : { settings: wanted.settings }),
  }
  for (const [path, text] of Object.entries(system.files(place))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const began = performance.now()
  const output = join(folder, 'output')
  // That of an earlier start, with a line for each of perhaps a million requests.
  rmSync(output, { force: true })
  const child = startProcess(system.command(place), { ...(core === undefined ? {} : { core }), folder, stdout: { file: output } })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), insistAfter)
    await child.exited
    clearTimeout(late)
  }
  const end = began + patience
  while (!(await answers(`http${tls ? 's' : ''}://127.0.0.1:${port}${system.ready}`, place.login))) {
    if (child.exitCode === null && child.signalCode === null && performance.now() < end) {
      await Bun.sleep(5)
      continue
    }
    await stop()
    throw new Error(`${system.name} did not come up: ${readFileSync(output, 'utf8').slice(0, 1000)}`)
  }
  const startUp = { seconds: (performance.now() - began) / 1000, cpuSeconds: readUse(child.pid).cpuSeconds }
  return Object.freeze({ place, port, tls, pid: child.pid, startUp, stop })
}

async function answers(url: string, known: Login | undefined): Promise<boolean> {
  const headers = known === undefined ? {} : { Authorization: basic(known) }
  try {
    return (await fetch(url, { keepalive: false, headers, tls: { rejectUnauthorized: false } })).ok
  } catch {
    return false // Nobody listens yet; the caller's patience ends.
  }
}
