import { namedInterleavings, rareInterleavings } from './interleavings.ts'
import type { SeedResult } from './run-seed.ts'

/** What many seeds came to. */
export interface WorldSum {
  seeds: number
  requests: number
  acknowledged: number
  turns: number
  crashes: number
  faults: number
  /** Simulated hours. */
  hours: number
  interleavings: Record<string, number>
}

/** Fewer of a named interleaving in 300 seeds, and they have shown nothing about it. */
export const floor = 100
/** Of one that takes a trash, which not every seed has, and a moment in it. */
export const rareFloor = 5
const seedsOfFloor = 300

export function noFigures(): WorldSum {
  const interleavings = Object.fromEntries(namedInterleavings.map((name) => [name, 0]))
  return { seeds: 0, requests: 0, acknowledged: 0, turns: 0, crashes: 0, faults: 0, hours: 0, interleavings }
}

export function addFigures(sum: WorldSum, { time, interleavings, ...counts }: Omit<SeedResult, 'seed' | 'digest'>): void {
  sum.seeds++
  sum.hours += time / 3_600_000
  for (const name of ['requests', 'acknowledged', 'turns', 'crashes', 'faults'] as const) sum[name] += counts[name]
  for (const [name, count] of Object.entries(interleavings)) sum.interleavings[name] = (sum.interleavings[name] ?? 0) + count
}

/** What of the bar is missed. Fewer seeds than the bar is for can't tell. */
export function missesOf(sum: WorldSum): string[] {
  if (sum.seeds < seedsOfFloor) return []
  return Object.entries(sum.interleavings).flatMap(([name, count]) => {
    const least = rareInterleavings.has(name) ? rareFloor : floor
    return count < least ? [`${name}: ${count} times in ${sum.seeds} seeds; fewer than ${least} show nothing`] : []
  })
}
