import { describe, expect, test } from 'bun:test'
import { parseContentRange } from './content-range.ts'
import { caught } from './caught.testing.ts'

describe('parseContentRange', () => {
  test.each([
    ['0-1023', 0, 1023],
    ['0-0', 0, 0],
    ['1024-2047', 1024, 2047],
    ['bytes 0-1023', 0, 1023],
    ['bytes 0-1023/2048', 0, 1023],
    ['0-1023/*', 0, 1023],
    ['0-9007199254740991', 0, Number.MAX_SAFE_INTEGER],
  ])('%s', (text, first, last) => {
    expect(parseContentRange(text)).toEqual({ first, last })
  })

  const malformed = '- 0- -5 0--1 5-4 a-b 0-1-2 bytes=0-1 0-1/ 0-1/x +0-1 0x0-1 0-1.5 1e1-20 ٠-١'.split(' ')
  const beyondExact = ['0-9007199254740992', '0-99999999999999999', '0'.repeat(100_000)]

  test.each(['', ' 0-1', '0-1 ', '0-1\n', 'bytes */5', ...malformed, ...beyondExact])('refuses %.40p', (text) => {
    const error = caught(() => parseContentRange(text))
    expect(error.code).toBe('BLOB_UPLOAD_INVALID')
    expect(error.message.length).toBeLessThan(300)
  })
})
