import { readFileSync, writeFileSync } from 'node:fs'

/** Bytes of memory that a process held: before `work` began, and the most while it ran. */
export interface MemoryUse {
  readonly before: number
  readonly peak: number
}

/** Measures another process while `work` runs. Linux only. */
export async function measureMemory(pid: number, work: () => Promise<void>): Promise<MemoryUse> {
  // proc(5): 5 sets the peak back to what is held now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  const before = read(pid, 'VmRSS')
  await work()
  return { before, peak: read(pid, 'VmHWM') }
}

function read(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (found?.[1] === undefined) throw new Error(`no ${field} for process ${pid}`)
  return Number(found[1]) * 1024
}
