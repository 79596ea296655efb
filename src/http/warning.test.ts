import { expect, test } from 'bun:test'
import { warningHeader } from './warning.ts'

test('each text is a warning of its own, quoted', () => {
  expect(warningHeader([])).toBeUndefined()
  expect(warningHeader(['one'])).toBe('299 - "one"')
  expect(warningHeader(['say "x\\y"', 'two'])).toBe('299 - "say \\"x\\\\y\\"", 299 - "two"')
})

test('together they have 4096 bytes at most', () => {
  const fits = 'x'.repeat(4096 - '299 - ""'.length)
  expect(warningHeader([fits])).toHaveLength(4096)
  expect(warningHeader([`${fits}x`])).toBeUndefined()
  expect(warningHeader([fits, 'two'])).toHaveLength(4096)
  expect(warningHeader([`${fits}x`, 'two'])).toBe('299 - "two"')
})
