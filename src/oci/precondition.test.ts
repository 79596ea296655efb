import { expect, test } from 'bun:test'
import { type Candidates, preconditionHolds } from './precondition.ts'

test.each<[Candidates | undefined, Candidates | undefined, string | undefined, boolean]>([
  [undefined, undefined, undefined, true],
  ['any', undefined, 'a', true],
  ['any', undefined, undefined, false],
  [['a', 'b'], undefined, 'b', true],
  [['a', 'b'], undefined, 'c', false],
  [['a'], undefined, undefined, false],
  [[], undefined, 'a', false],
  [undefined, 'any', undefined, true],
  [undefined, 'any', 'a', false],
  [undefined, ['a', 'b'], 'b', false],
  [undefined, ['a', 'b'], 'c', true],
  [undefined, ['a'], undefined, true],
  [['a'], ['a'], 'a', false],
  [['a'], ['b'], 'a', true],
  ['any', 'any', undefined, false],
])('match %p, none match %p of %p: %p', (match, noneMatch, present, expected) => {
  expect(preconditionHolds({ match, noneMatch }, present)).toBe(expected)
})

test('no precondition always holds', () => {
  for (const present of ['a', undefined]) expect(preconditionHolds(undefined, present)).toBe(true)
})
