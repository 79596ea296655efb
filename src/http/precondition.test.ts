import { expect, test } from 'bun:test'
import { type Candidates, RegistryError } from '../oci/index.ts'
import { parsePrecondition } from './precondition.ts'

const parse = (headers: Record<string, string>) => parsePrecondition(new Headers(headers))

test('neither header, no precondition', () => {
  expect(parse({ 'if-modified-since': 'Sat, 01 Jan 2028 00:00:00 GMT' })).toBeUndefined()
})

test.each<[string, Candidates, Candidates]>([
  ['*', 'any', 'any'],
  ['"sha256:ab"', ['sha256:ab'], ['sha256:ab']],
  ['"a", "b"\t,"c"', ['a', 'b', 'c'], ['a', 'b', 'c']],
  ['W/"a", "b"', ['b'], ['a', 'b']],
  ['"a,b", ""', ['a,b', ''], ['a,b', '']],
])('%s', (text, match, noneMatch) => {
  expect(parse({ 'if-match': text })).toEqual({ match, noneMatch: undefined })
  expect(parse({ 'if-none-match': text })).toEqual({ match: undefined, noneMatch })
  expect(parse({ 'if-match': text, 'if-none-match': '"x"' })).toEqual({ match, noneMatch: ['x'] })
})

const many = (count: number) => Array.from({ length: count }, (_, n) => `"${n}"`).join(',')

test('64 entity tags are not too many', () => {
  expect(parse({ 'if-match': many(64) })?.match).toHaveLength(64)
})

test.each([
  '', ' ', ',', 'sha256:ab', '"sha256:ab', 'sha256:ab"', '"a" "b"', '"a",', ',"a"', '"a",,"b"', 'w/"a"', 'W/a', 'W/ "a"', '"a b"',
  '* , "a"', '"a", *', '**', '*,*', "'a'", '"a\\"b"', many(65), '"a",'.repeat(4000), `"${'a'.repeat(20_000)}`,
])('%.40s is refused', (text) => {
  for (const header of ['if-match', 'if-none-match']) {
    expect(() => parse({ [header]: text })).toThrow(RegistryError)
    expect(() => parse({ [header]: text })).toThrow('double quotes')
  }
})
