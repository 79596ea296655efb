import { Session } from 'node:inspector/promises'
import type { Clock } from '../lib/index.ts'

/** Looks into the running process. It slows everything down while it does, so it runs once at a time. */
export interface Profiler {
  /** Where CPU time goes for so many milliseconds, as `.cpuprofile` JSON, which browsers' developer tools open. Absent while one is being taken. */
  cpu(duration: number): Promise<string | undefined>
}

/** Of the thread it is made in. */
export function createProfiler(clock: Clock): Profiler {
  let busy = false
  async function cpu(duration: number): Promise<string | undefined> {
    if (busy) return undefined
    busy = true
    const session = new Session()
    try {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      await clock.sleep(duration)
      const { profile } = await session.post('Profiler.stop')
      return JSON.stringify(profile)
    } finally {
      session.disconnect()
      busy = false
    }
  }
  return Object.freeze({ cpu })
}
