/** Nanoseconds of each unit that Go knows. */
const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

const part = /(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(ns|us|µs|μs|ms|s|m|h)/gy

/**
 * Reads a duration as Go writes it, `1h30m` or `1.5s`, or a bare number of nanoseconds, as YAML gives it.
 * @returns whole milliseconds, rounded up, so that something does not become nothing; undefined for anything else
 */
export function parseGoDuration(text: string): number | undefined {
  if (text.length > 100) return undefined
  const ms = Math.ceil((nanoseconds(text) ?? Number.NaN) / 1e6)
  return Number.isSafeInteger(ms) ? ms : undefined
}

function nanoseconds(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  let sum = 0
  part.lastIndex = 0
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (match === null) return undefined
    sum += Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN)
  }
  return text === '' ? undefined : sum
}
