import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseReference } from './reference.ts'
import { parseTag } from './tag.ts'
import { caught } from './caught.testing.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('parseTag', () => {
  test.each(['latest', '1.4', '_x', 'A', '0', 'v1.0.0-rc.1_2', 'sha256-abc.sig', 'a..b', 'x'.repeat(128)])('takes %p', (text) => {
    expect(String(parseTag(text))).toBe(text)
  })

  const malformed = '. .. -a .INVALID_MANIFEST_NAME a/b a+b a% a:b ä'.split(' ')

  test.each(['', 'a b', 'a\n', 'a\0', 'x'.repeat(129), ...malformed])('refuses %p', (text) => {
    expect(caught(() => parseTag(text)).code).toBe('TAG_INVALID')
  })

  test('agrees with the grammar written another way', () => {
    const unit = fc.constantFrom('a', 'Z', '0', '.', '_', '-', '/', ':', ' ')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 140 }), (text) => {
        const fits = text.length >= 1 && text.length <= 128 && !'.-'.includes(text.charAt(0)) && !/[/: ]/.test(text)
        if (fits) expect(String(parseTag(text))).toBe(text)
        else expect(caught(() => parseTag(text)).code).toBe('TAG_INVALID')
      }),
    )
  })

  test('a huge text gets a short answer', () => {
    const error = caught(() => parseTag('a'.repeat(4_000_000)))
    expect(error.message.length + JSON.stringify(error.detail).length).toBeLessThan(500)
  })
})

describe('parseReference', () => {
  test('what holds a colon is a digest, all else a tag', () => {
    expect(parseReference('1.4')).toEqual({ kind: 'tag', tag: parseTag('1.4') })
    expect(parseReference(digest) as unknown).toEqual({ kind: 'digest', digest })
    expect(caught(() => parseReference('a:b')).code).toBe('DIGEST_INVALID')
    expect(caught(() => parseReference('sha256:totallywrong')).code).toBe('DIGEST_INVALID')
    expect(caught(() => parseReference('.INVALID_MANIFEST_NAME')).code).toBe('TAG_INVALID')
  })
})
