import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { excerpt } from './excerpt.ts'

test('quotes what is short and cuts what is long', () => {
  expect(excerpt('abc')).toBe('"abc"')
  expect(excerpt('abcdef', 3)).toBe('"abc" (cut, 6 characters)')
})

test('never lets a control character through, and stays short', () => {
  const hostile = fc.constantFrom('\u009b', '\u202e', '\u2028', '"', '\\')
  const unit = fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 1 }))
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 300 }), (text) => {
      const quoted = excerpt(text)
      expect(quoted).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u)
      expect(JSON.parse(quoted.replace(/ \(cut, \d+ characters\)$/, ''))).toBe(text.slice(0, 80))
      expect(quoted.length).toBeLessThan(80 * 6 + 40)
    }),
  )
  expect(excerpt('a\r\nlevel=error \u001b[2J\u009b')).toBe(String.raw`"a\r\nlevel=error \u001b[2J\u009b"`)
})
