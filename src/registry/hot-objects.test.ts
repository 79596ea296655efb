import { expect, test } from 'bun:test'
import { digestBytes } from '../oci/index.ts'
import { createHotObjects } from './hot-objects.ts'

/** An object with the content, and how often it was opened. */
function objectOf(objectId: string, size: number, content = crypto.getRandomValues(new Uint8Array(size))) {
  const counted = {
    times: 0,
    content,
    object: { objectId, digest: digestBytes(content, 'sha256'), size },
    stored: content,
    open: async () => {
      counted.times += 1
      return { kind: 'file', size: counted.stored.length, file: new Blob([counted.stored]) } as const
    },
  }
  return counted
}

test('what is asked for twice is in memory from then on, and is read once for all who come at once', async () => {
  const hot = createHotObjects(1_000_000)
  const one = objectOf('a', 60_000)
  expect(await hot.get(one.object, one.open)).toBeUndefined()
  expect(one.times).toBe(0)
  const blobs = await Promise.all([1, 2, 3].map(() => hot.get(one.object, one.open)))
  for (const blob of blobs) expect(await blob?.bytes()).toEqual(one.content)
  one.stored = one.content.subarray(1)
  expect(await (await hot.get(one.object, one.open))?.bytes()).toEqual(one.content)
  expect(one.times).toBe(1)
})

test('what is large is left to the kernel, and nothing beyond the capacity is kept', async () => {
  const hot = createHotObjects(100_000)
  const large = objectOf('large', 1024 * 1024)
  for (let n = 0; n < 3; n++) expect(await hot.get(large.object, large.open)).toBeUndefined()
  expect(large.times).toBe(0)
  const some = ['a', 'b', 'c'].map((id) => objectOf(id, 40_000))
  for (const { object, open } of [...some, ...some]) await hot.get(object, open)
  expect(some.map(({ times }) => times)).toEqual([1, 1, 1])
  for (const { object, open } of some.toReversed()) await hot.get(object, open)
  expect(some.map(({ times }) => times)).toEqual([2, 1, 1])
})

test('bytes that are not those of the digest are never kept', async () => {
  const hot = createHotObjects(1_000_000)
  const one = objectOf('a', 60_000)
  for (const stored of [one.content.with(7, (one.content[7] ?? 0) ^ 1), one.content.subarray(0, -1), new Uint8Array()]) {
    one.stored = stored
    for (let n = 0; n < 2; n++) expect(await hot.get(one.object, one.open)).toBeUndefined()
  }
  const gone = async () => undefined
  expect(await hot.get(one.object, gone)).toBeUndefined()
  one.stored = one.content
  expect(await (await hot.get(one.object, one.open))?.bytes()).toEqual(one.content)
})
