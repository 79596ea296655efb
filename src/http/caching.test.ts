import { describe, expect, test } from 'bun:test'
import { cachingPolicy, isNotModified, rangeStillApplies } from './caching.ts'

const tag = '"sha256:ab"'

test.each([
  [tag, true],
  [`W/${tag}`, true],
  ['*', true],
  [`"x", ${tag}`, true],
  [`"x",W/${tag}  , "y"`, true],
  ['"sha256:abc"', false],
  ['sha256:ab', false],
  ['', false],
  [null, false],
])('If-None-Match %p: %p', (header, expected) => {
  expect(isNotModified(header, tag)).toBe(expected)
})

test.each([
  [null, true],
  [tag, true],
  [` ${tag} `, true],
  [`W/${tag}`, false],
  ['"x"', false],
  ['Sat, 01 Jan 2028 00:00:00 GMT', false],
])('If-Range %p: %p', (header, expected) => {
  expect(rangeStillApplies(header, tag)).toBe(expected)
})

describe('cachingPolicy', () => {
  test('shared caches may keep for good what a digest names, when anybody may pull it', () => {
    expect(cachingPolicy(true)).toEqual({ byDigest: 'public, max-age=31536000, s-maxage=3600, immutable', byName: 'no-cache' })
  })

  test('nothing may be kept when pulling needs a right', () => {
    expect(cachingPolicy(false)).toEqual({ byDigest: 'private, no-store', byName: 'private, no-store' })
  })
})
