import { expect, test } from 'bun:test'
import { parseGoDuration } from './go-duration.ts'

test.each([
  ['60s', 60_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['.5h', 1_800_000],
  ['168h', 604_800_000],
  ['0', 0],
  ['0s', 0],
  ['1ns', 1],
  ['1500us', 2],
  ['30000000000', 30_000],
])('%s is %d ms', (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms)
})

test.each(['', 'x', '1d', '-1s', '1 h', 's', '1h 30m', '1.h.', '99999999999999h', '1'.repeat(200)])('%p is none', (text) => {
  expect(parseGoDuration(text)).toBeUndefined()
})
