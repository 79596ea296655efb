import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseTagPattern } from './tag-pattern.ts'

const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))

/** What a pattern means, said in the slowest way: every star tries every length. */
function slowly(pattern: string, tag: string): boolean {
  if (pattern === '') return tag === ''
  if (pattern[0] === '*') return slowly(pattern.slice(1), tag) || (tag !== '' && slowly(pattern, tag.slice(1)))
  return tag !== '' && (pattern[0] === '?' || pattern[0] === tag[0]) && slowly(pattern.slice(1), tag.slice(1))
}

const matches = (pattern: string, tag: string): boolean | undefined => parseTagPattern(pattern)?.matches(tag)

describe('a pattern of tags', () => {
  test.each([
    ['release-*', ['release-', 'release-1.0'], ['release', 'Release-1', 'prerelease-1']],
    ['v?.?', ['v1.2'], ['v1.20', 'v1', 'xv1.2']],
    ['*', ['latest', 'x'], []],
    ['latest', ['latest'], ['latest2', 'LATEST', 'lates']],
    ['*-rc*', ['1.0-rc1', '-rc'], ['1.0rc1']],
    ['a*a', ['aa', 'aba'], ['a', 'ab']],
    ['[0-9]*', undefined, []],
  ] as const)('%s', (pattern, matching, others) => {
    if (matching === undefined) return expect(parseTagPattern(pattern)).toBeUndefined()
    for (const tag of matching) expect([tag, matches(pattern, tag)]).toEqual([tag, true])
    for (const tag of others) expect([tag, matches(pattern, tag)]).toEqual([tag, false])
  })

  test.each(['', 'a b', 'a/b', 'é', '^a', 'a$', '(a+)+', 'x'.repeat(129)])('"%s" is none', (text) => {
    expect(parseTagPattern(text)).toBeUndefined()
  })

  test(`means the same as trying everything (seed ${seed})`, () => {
    const few = (characters: string, most: number) => fc.string({ unit: fc.constantFrom(...characters), maxLength: most })
    const both = fc.tuple(few('ab*?', 8), few('ab', 10))
    let matched = 0
    fc.assert(
      fc.property(both, ([pattern, tag]) => {
        if (pattern === '') return
        const expected = slowly(pattern, tag)
        matched += Number(expected)
        expect([pattern, tag, matches(pattern, tag)]).toEqual([pattern, tag, expected])
      }),
      { numRuns: 20_000, seed },
    )
    expect(matched).toBeGreaterThan(1_000)
  })

  test('does not grow slow on what is made to be slow', () => {
    const pattern = parseTagPattern(`${'*a'.repeat(63)}*b`)
    const tag = 'a'.repeat(128)
    const began = performance.now()
    for (let round = 0; round < 1_000; round++) expect(pattern?.matches(tag)).toBe(false)
    // What tries every way to divide the tag would not end at all.
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})
