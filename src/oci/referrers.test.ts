import { expect, test } from 'bun:test'
import { digestBytes } from './digest.ts'
import { referrersIndex } from './referrers.ts'

const digest = digestBytes(new Uint8Array(), 'sha256')

test('the empty list is an index all the same', () => {
  const expected = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
  expect(JSON.stringify(referrersIndex([]))).toBe(expected)
})

test('a descriptor has what is known and nothing else', () => {
  const row = { mediaType: 'a/b', size: 3, digest, artifactType: 'c/d', annotations: { k: 'v' }, internal: 'row id' }
  const bare = { mediaType: 'a/b', size: 3, digest, artifactType: undefined }
  expect(JSON.parse(JSON.stringify(referrersIndex([row, bare]).manifests))).toEqual([
    { mediaType: 'a/b', size: 3, digest, artifactType: 'c/d', annotations: { k: 'v' } },
    { mediaType: 'a/b', size: 3, digest },
  ])
})
