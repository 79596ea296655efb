import { expect, test } from 'bun:test'
import { versionKey } from './version-key.ts'

const byKey = (a: string, b: string): number => (versionKey(a) < versionKey(b) ? -1 : versionKey(a) > versionKey(b) ? 1 : 0)

test('versions stand in the order in which people count them', () => {
  const ordered = [
    'feature-2', 'feature-10', 'latest', 'main', '0.9', 'v1.2', 'v1.9', '1.10', 'v1.10.1', 'v2.0-dev', 'v2.0-alpha', 'v2.0-alpha.2', 'v2.0-beta1', 'v2.0-rc1',
    'v2.0-rc1-alpine', 'v2.0-rc2', 'v2.0-rc10', 'v2.0', 'v2.0-1', 'v2.0-alpine', 'v2.0-alpine3.9', 'v2.0-alpine3.18', 'v2.0.0', 'v2.0.1', 'v2.1', 'v10',
    '20240131', '99999999999999999999999998', '99999999999999999999999999', '100000000000000000000000000',
  ]
  expect(ordered.toReversed().toSorted(byKey)).toEqual(ordered)
})

test('what counts as the same has the same key', () => {
  for (const [a, b] of [['v1.2', '1.2'], ['V1.2', 'v1.2'], ['1.02', '1.2'], ['1.0-rc1', '1.0RC1'], ['1.0.rc.1', '1.0-rc1'], ['Latest', 'latest']] as const) {
    expect([a, versionKey(a)]).toEqual([a, versionKey(b)])
  }
})

test('a key is not much longer than its name', () => {
  for (const name of ['1.'.repeat(64), '1a'.repeat(64), '9'.repeat(128), `1${'-rc1'.repeat(31)}`]) expect(versionKey(name).length).toBeLessThan(300)
})
