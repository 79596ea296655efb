import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatSize, parseSize } from './size.ts'

test.each([
  ['0', 0],
  ['4194304', 4_194_304],
  ['4MB', 4_000_000],
  ['32KiB', 32_768],
  ['8MiB', 8_388_608],
  ['1GiB', 1_073_741_824],
  ['2TB', 2_000_000_000_000],
  ['1TiB', 1_099_511_627_776],
])('%s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each([
  [0, '0'],
  [1025, '1025'],
  [8_388_608, '8MiB'],
  [4_000_000, '4MB'],
  [3_145_728, '3MiB'],
])('%d bytes are written %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})

test('what is written is read back', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => expect(parseSize(formatSize(bytes))).toBe(bytes)))
  const parts = fc.tuple(fc.nat(4000), fc.constantFrom(1000, 1024), fc.nat(4))
  const round = parts.map(([count, base, power]) => count * base ** power)
  fc.assert(fc.property(round, (bytes) => expect(parseSize(formatSize(bytes))).toBe(bytes)))
})

describe('refused', () => {
  const malformed = ['', 'MiB', '8mib', '8M', '8B', '8 MiB', '-1', '+1', '1.5GiB', '1e6', '0x10', '8MiB\n', '8PiB']

  test.each(malformed)('%j', (text) => {
    expect(() => parseSize(text)).toThrow(/is not a size: write a whole number and a unit/)
  })

  test.each(['9007199254740992', '9999999999999999KiB', '9000TiB'])('%s, which is not exact any more', (text) => {
    expect(() => parseSize(text)).toThrow(/too large/)
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('%d to be written', (bytes) => {
    expect(() => formatSize(bytes)).toThrow(RangeError)
  })
})
