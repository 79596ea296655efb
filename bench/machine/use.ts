import { readdirSync, readFileSync } from 'node:fs'

/** What a server used since it started. */
export interface Use {
  /** User and system time of the process and the processes it started, all threads. */
  readonly cpuSeconds: number
  /** The sum of their largest resident sizes. */
  readonly peakBytes: number
  /** The sum of their resident sizes now. */
  readonly residentBytes: number
}

const ticksPerSecond = Number(Bun.spawnSync(['getconf', 'CLK_TCK']).stdout.toString())

/** Reads /proc for a process and its descendants. */
export function readUse(pid: number): Use {
  const uses = family(pid).map((member) => {
    const status = readFileSync(`/proc/${member}/status`, 'latin1')
    return {
      cpuSeconds: parseStat(readFileSync(`/proc/${member}/stat`, 'latin1')).ticks / ticksPerSecond,
      peakBytes: 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]),
      residentBytes: 1024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]),
    }
  })
  const sum = (key: keyof Use): number => uses.reduce((total, use) => total + use[key], 0)
  return { cpuSeconds: sum('cpuSeconds'), peakBytes: sum('peakBytes'), residentBytes: sum('residentBytes') }
}

/** The process and its descendants. */
function family(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parentOf(Number(name)))
  const found = [pid]
  // Grows while it is walked.
  for (const one of found) for (const { child, parent } of parents) if (parent === one) found.push(child)
  return found
}

/** Nothing for a process that ended while /proc was read. */
function parentOf(child: number): { readonly child: number; readonly parent: number }[] {
  try {
    return [{ child, parent: parseStat(readFileSync(`/proc/${child}/stat`, 'latin1')).parent }]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return []
    throw error
  }
}

/** proc(5): the second field is the program's name in parentheses and may hold anything, spaces and parentheses too. */
export function parseStat(text: string): { readonly parent: number; readonly ticks: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number): number => Number(fields[number - 3])
  return { parent: field(4), ticks: field(14) + field(15) }
}
