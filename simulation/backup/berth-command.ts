import { join } from 'node:path'
import type { Places } from './places.ts'

const launcher = join(import.meta.dir, '..', '..', 'berth')

export interface Ended {
  /** Absent when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** `berth backup` or `berth restore` in a process of its own. */
export function startCommand(verb: 'backup' | 'restore', { data, folder, settings }: Places): { readonly ended: Promise<Ended>; kill(): void } {
  const flag = verb === 'backup' ? '--to' : '--from'
  const child = Bun.spawn([launcher, verb, flag, folder, '--data', data, '--json'], {
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/', LANG: 'C', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = (async () => {
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
    return { code: child.exitCode, out, err }
  })()
  return { ended, kill: () => child.kill('SIGKILL') }
}

/** The same, which must come to its end; answers what it printed. */
export async function runCommand(verb: 'backup' | 'restore', places: Places): Promise<string> {
  const { code, out, err } = await startCommand(verb, places).ended
  if (code !== 0) throw new Error(`berth ${verb} ended with ${code}: ${err}`)
  return out
}
