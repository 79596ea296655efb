import { readUse } from './use.ts'

/** Of one core. */
const restingUse = 0.01
const patience = 15

/**
 * Resident bytes of a server once it is at rest: once it used less than 1 % of a core for so many seconds, at the latest after
 * fifteen times as many.
 */
export async function memoryAtRest(pid: number, seconds: number): Promise<number> {
  const end = performance.now() + patience * seconds * 1000
  for (let before = readUse(pid).cpuSeconds; ;) {
    await Bun.sleep(seconds * 1000)
    const { cpuSeconds, residentBytes } = readUse(pid)
    if (cpuSeconds - before < restingUse * seconds || performance.now() > end) return residentBytes
    before = cpuSeconds
  }
}
