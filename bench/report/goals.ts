import type { GoalResult } from '../results.ts'
import { number } from './format.ts'

/** `met: Berth's CPU: 18.2 µs, wanted at most 20 µs`. Small ratios are said as a part: `1/46`. */
export function goalLine({ text, kind, limit, unit, figure, met }: GoalResult): string {
  const isPart = unit === '×' && limit <= 0.5
  const value = (what: number): string => (isPart ? `1/${Math.round(10 / what) / 10}` : `${number(what)} ${unit}`.trim())
  return `${met ? 'met' : 'not met'}: ${text}: ${value(figure)}, wanted ${kind} ${value(limit)}`
}
