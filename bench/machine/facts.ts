import { cpus, loadavg, release, totalmem } from 'node:os'

/** What a reader needs to know of the machine. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly bun: string
  readonly fileSystem: string
  /** Of one minute, before the first run: other work on the machine. */
  readonly load: number
}

export function describeMachine(fileSystem: string): Machine {
  const all = cpus()
  return {
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    kernel: `Linux ${release()}`,
    bun: Bun.version,
    fileSystem,
    load: loadavg()[0] ?? Number.NaN,
  }
}
