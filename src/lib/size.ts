import { excerpt } from './excerpt.ts'

/** Units from the largest to the smallest, in bytes; of two that both fit, binary units are preferred. */
const units = [
  ['TiB', 1024 ** 4],
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['TB', 1000 ** 4],
  ['GB', 1000 ** 3],
  ['MB', 1000 ** 2],
  ['KB', 1000],
] as const

const factors = new Map<string, number>([...units, ['', 1]])

/**
 * Reads a size as people write it in the configuration: a whole number and a unit, `32KiB`, `8MiB`, `4MB`; bytes without one.
 * @returns bytes, a safe integer
 * @throws Error whose message says how to write one
 */
export function parseSize(text: string): number {
  const match = /^(\d{1,16})((?:[KMGT]i?B)?)$/.exec(text)
  if (match === null) {
    throw new Error(
      `${excerpt(text)} is not a size: write a whole number and a unit (KiB, MiB, GiB, TiB, KB, MB, GB, TB), such as 8MiB`,
    )
  }
  const [, count = '', unit = ''] = match
  const bytes = Number(count) * (factors.get(unit) ?? Number.NaN)
  if (!Number.isSafeInteger(bytes)) throw new Error(`the size ${excerpt(text)} is too large to count in bytes`)
  return bytes
}

/** Writes whole bytes with the largest unit that loses nothing: 8388608 is `8MiB`, 1025 is `1025`. `parseSize` reads it back. */
export function formatSize(bytes: number): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is not a size in whole bytes`)
  if (bytes === 0) return '0'
  for (const [unit, factor] of units) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}
