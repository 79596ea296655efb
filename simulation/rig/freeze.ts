import { readdirSync, readFileSync } from 'node:fs'
import { poll } from './poll.ts'

const stopLimit = 30_000

/** Stops processes with SIGSTOP; resolves when each of their threads stands still, so that nobody writes or answers any more. */
export async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  for (const pid of pids) {
    await poll(`the standstill of process ${pid}`, stopLimit, () => Promise.resolve(standsStill(pid) ? true : undefined))
  }
}

/** Stopped, or already over: T, Z and X in /proc. */
function standsStill(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => 'TZX'.includes(stateOf(`${pid}/task/${thread}`)))
}

function stateOf(path: string): string {
  return statFields(path)[0] ?? ''
}

/** The processes that this one started and that still run. */
export function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
  return all.filter((one) => statFields(String(one))[1] === String(pid))
}

/** Whether the process is over, though nobody may have asked for its exit code yet. */
export function isOver(pid: number): boolean {
  return ['', 'Z', 'X'].includes(stateOf(String(pid)))
}

/** The fields after the name, which may contain anything: state, parent ... Empty when there is no such process or thread. */
function statFields(path: string): string[] {
  try {
    const text = readFileSync(`/proc/${path}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
