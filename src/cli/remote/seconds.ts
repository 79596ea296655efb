import { parseDuration } from '../../lib/index.ts'
import { UsageFault } from './failure.ts'

/** `90d` as whole seconds. @throws UsageFault */
export function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = durationOf(text)
  if (ms < 1000) throw new UsageFault('remote.not-a-duration', { text })
  return Math.floor(ms / 1000)
}

function durationOf(text: string): number {
  try {
    return parseDuration(text)
  } catch {
    throw new UsageFault('remote.not-a-duration', { text })
  }
}
