import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort, readUse, startProcess } from '../machine/index.ts'
import { makeCertificate } from './make-certificate.ts'
import type { Place, System } from './system.ts'

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

const patience = 20_000
const insistAfter = 10_000

/**
 * Starts a system on one core, in a folder that exists, and waits until it answers.
 * @throws Error with what it said when it does not come up
 */
export async function startSystem(system: System, folder: string, core?: number, tls = false): Promise<RunningSystem> {
  const port = await freePort()
  const place: Place = { folder, port: `${port}`, ...(tls ? { tls: makeCertificate(folder) } : {}) }
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
  while (!(await answers(`http${tls ? 's' : ''}://127.0.0.1:${port}${system.ready}`))) {
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

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { keepalive: false, tls: { rejectUnauthorized: false } })).ok
  } catch {
    return false // Nobody listens yet; the caller's patience ends.
  }
}
