import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { namespaceOf, parseRepositoryName } from './repository-name.ts'
import { caught } from './caught.testing.ts'

describe('parseRepositoryName', () => {
  test.each([
    'a',
    '0',
    'library/alpine',
    'a.b/c_d/e__f/g-h/i---j',
    'blobs/uploads/manifests/tags/list',
    'a/b/c/d/e/f/g/h',
    '127.0.0.1/x',
    'x'.repeat(255),
  ])('takes %p', (text) => {
    expect(String(parseRepositoryName(text))).toBe(text)
  })

  const paths = '/ a/ /a a//b . .. a/.. a/../b ./a a%2fb a\\b'.split(' ')
  const separators = 'a..b a___b a._b _a a_ -a a- a-/b _catalog a/_x a:b'.split(' ')
  const letters = ['A', 'a/B', 'a b', 'a\0', 'a\n', 'ä', 'a/\u0430']

  test.each(['', ...paths, ...separators, ...letters, 'x'.repeat(256)])('refuses %p', (text) => {
    expect(caught(() => parseRepositoryName(text)).code).toBe('NAME_INVALID')
  })

  test('agrees with the grammar written another way', () => {
    const unit = fc.constantFrom('a', '0', '.', '_', '-', '/', 'A', ' ')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const isPart = (part: string) =>
          /^[a-z0-9._-]+$/.test(part) &&
          /^[a-z0-9]/.test(part) &&
          /[a-z0-9]$/.test(part) &&
          part.split(/[a-z0-9]+/).every((separator) => ['', '.', '_', '__'].includes(separator) || /^-+$/.test(separator))
        if (text.split('/').every(isPart)) expect(String(parseRepositoryName(text))).toBe(text)
        else expect(caught(() => parseRepositoryName(text)).code).toBe('NAME_INVALID')
      }),
      { numRuns: 2000 },
    )
  })

  test('a hostile text costs neither time nor a long answer', () => {
    const start = performance.now()
    const hostile = ['a-'.repeat(127), `${'a/'.repeat(127)}!`, '-'.repeat(255), `a${'_'.repeat(250)}a`, 'a'.repeat(4_000_000)]
    for (const text of hostile) {
      const error = caught(() => parseRepositoryName(text))
      expect(error.message.length + JSON.stringify(error.detail).length).toBeLessThan(700)
    }
    // What tries every way to divide these would not end at all.
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('says how long it may be', () => {
    expect(caught(() => parseRepositoryName('a'.repeat(300))).message).toMatch(/300 characters, at most 255/)
  })
})

test('the namespace is the first part', () => {
  expect(namespaceOf(parseRepositoryName('team/app/web'))).toBe('team')
  expect(namespaceOf(parseRepositoryName('alpine'))).toBe('alpine')
})
