import { expect, test } from 'bun:test'
import { formatScopes, parseScopes } from './token-scope.ts'

test.each([
  [['repository:team/app:pull'], 'repository:team/app:pull'],
  [['repository:team/app:pull,push'], 'repository:team/app:pull,push'],
  [['repository(plugin):team/app:pull'], 'repository:team/app:pull'],
  [['registry:catalog:*'], 'registry:catalog:*'],
  [['repository:registry.test:5000/team/app:pull'], 'repository:registry.test:5000/team/app:pull'],
  // As containerd asks.
  [['repository:x:pull repository:x:pull,push'], 'repository:x:pull,push'],
  [['repository:x:push', 'repository:y:pull', 'repository:x:pull'], 'repository:x:push,pull repository:y:pull'],
  [['  repository:x:pull  '], 'repository:x:pull'],
  [['repository:x:'], 'repository:x:'],
  [['repository:x:PULL,p-ll,pull'], 'repository:x:pull'],
  [[''], ''],
  [['repository'], ''],
  [['repository:x'], ''],
  [['Repository:x:pull'], ''],
  [['(x):y:pull'], ''],
  [['repository(:y:pull'], ''],
  [['repository::pull'], ''],
  [['repository:x:pull;push'], 'repository:x:'],
] as [string[], string][])('%j is %j', (texts, meaning) => {
  expect(formatScopes(parseScopes(texts))).toBe(meaning)
})

test('more than anybody asks for is refused, and takes no time', () => {
  const started = performance.now()
  expect(() => parseScopes(['x'.repeat(17_000)])).toThrow(RangeError)
  expect(() => parseScopes(Array.from({ length: 65 }, (_, i) => `repository:a${i}:pull`))).toThrow(RangeError)
  expect(() => parseScopes([`repository:a:${'abcdefghi'.split('').join(',')}`])).toThrow(RangeError)
  expect(parseScopes([':'.repeat(16_000)])).toEqual([])
  expect(parseScopes([`repository${'('.repeat(16_000)}:a:pull`])).toEqual([])
  expect(performance.now() - started).toBeLessThan(10_000)
})
