import { readFileSync } from 'node:fs'

/** The core of the server and the core of everything else. */
export interface Cores {
  readonly server: number
  readonly client: number
}

/**
 * Two of the cores this process may use, not two threads of one core where that can be had.
 * @throws Error when there is only one
 */
export function chooseCores(): Cores {
  const allowed = parseList(/^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '')
  const [server, ...others] = allowed
  if (server === undefined || others[0] === undefined) {
    throw new Error('a benchmark needs two CPU cores: one for the server, one for the clients')
  }
  const siblings = parseList(readFileSync(`/sys/devices/system/cpu/cpu${server}/topology/thread_siblings_list`, 'utf8').trim())
  return { server, client: others.find((core) => !siblings.includes(core)) ?? others[0] }
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function parseList(text: string): number[] {
  const parts = text.split(',').filter((part) => part !== '')
  return parts.flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** Moves every thread of this process, and what it starts from now on, to one core. */
export function pinThisProcess(core: number): void {
  const { success, stderr } = Bun.spawnSync(['taskset', '-a', '-c', '-p', `${core}`, `${process.pid}`])
  if (!success) throw new Error(`taskset failed: ${stderr.toString()}`)
}
