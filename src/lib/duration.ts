import { excerpt } from './excerpt.ts'

/** Units from the largest to the smallest, in milliseconds. */
const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const factors = new Map<string, number>(units)

/**
 * Reads a duration as people write it in the configuration: a whole number and a unit, `500ms`, `90s`, `15m`, `24h`, `7d`.
 * @returns milliseconds, a safe integer
 * @throws Error whose message says how to write one
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,16})(ms|s|m|h|d)$/.exec(text)
  if (match === null) {
    throw new Error(`${excerpt(text)} is not a duration: write a whole number and a unit (ms, s, m, h, d), such as 90s or 24h`)
  }
  const [, count = '', unit = ''] = match
  const ms = Number(count) * (factors.get(unit) ?? Number.NaN)
  if (!Number.isSafeInteger(ms)) throw new Error(`the duration ${excerpt(text)} is too long to count in milliseconds`)
  return ms
}

/** Writes whole milliseconds with the largest unit that loses nothing: 90000 is `90s`. `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError(`${ms} is not a duration in whole milliseconds`)
  if (ms === 0) return '0s'
  for (const [unit, factor] of units) {
    if (ms % factor === 0) return `${ms / factor}${unit}`
  }
  return `${ms}ms`
}
