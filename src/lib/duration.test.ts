import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['90s', 90_000],
  ['15m', 900_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
])('%s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each([
  [0, '0s'],
  [1, '1ms'],
  [1500, '1500ms'],
  [90_000, '90s'],
  [86_400_000, '1d'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('what is written is read back', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (ms) => expect(parseDuration(formatDuration(ms))).toBe(ms)))
})

describe('refused', () => {
  const malformed = ['', '90', 's', '-1s', '+1s', '1.5h', '1h30m', '1 s', ' 1s', '1s\n', '1S', '1e3s', '0x1s', '1w', '١s']

  test.each(malformed)('%j', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration: write a whole number and a unit/)
  })

  test.each(['9999999999999999d', '9007199254740992ms', '104249991375d'])('%s, which is not exact any more', (text) => {
    expect(() => parseDuration(text)).toThrow(/too long/)
  })

  test('a huge text, with a short message', () => {
    const refused = (): number => parseDuration(`${'9'.repeat(1_000_000)}s`)
    expect(refused).toThrow(/cut, 1000001 characters/)
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%d to be written', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError)
  })
})
