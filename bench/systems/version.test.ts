import { expect, test } from 'bun:test'
import { readVersion } from './version.ts'

test.each([
  ['nginx version: nginx/1.22.1\n', '1.22.1'],
  ['docker-registry github.com/docker/distribution 2.8.2+ds1', '2.8.2+ds1'],
  ['/cache/distribution-v3.1.1/distribution github.com/distribution/distribution/v3 v3.1.1+unknown\n', '3.1.1'],
  ['{"level":"info","distribution-spec":"1.1.1","commit":"v2.1.20-0-gabc"}', '2.1.20-0-gabc'],
  ['berth', undefined],
])('the version in %p is %p', (text, version) => {
  expect(readVersion(text)).toBe(version)
})
