import { expect, test } from 'bun:test'
import { contentOf } from './artifact.ts'
import { isAt, largeBlob, wholeOf } from './large-blob.ts'

test('a large blob is the same for the same number, and no stretch of it comes twice', () => {
  const blob = largeBlob(3, 100_000)
  expect(largeBlob(3, 100_000)).toBe(blob)
  const { bytes, digest } = wholeOf(blob)
  expect([bytes.byteLength, digest]).toEqual([100_000, contentOf(bytes).digest])
  expect(largeBlob(4, 100_000).digest).not.toBe(digest)
  const found = Buffer.from(bytes).indexOf(bytes.subarray(50_000, 50_016))
  expect(found).toBe(50_000)
})

test('a piece is compared where it belongs, across the number that the blob begins with', () => {
  const blob = largeBlob(5, 1000)
  const bytes = Buffer.from(wholeOf(blob).bytes)
  for (const [first, end] of [[0, 4], [0, 1000], [6, 20], [8, 9], [999, 1000]] as const) {
    const piece = Buffer.from(bytes.subarray(first, end))
    expect(isAt(blob, first, piece)).toBe(true)
    piece[piece.byteLength - 1]! ^= 1
    expect(isAt(blob, first, piece)).toBe(false)
  }
  expect(isAt(blob, 1, bytes.subarray(0, 100))).toBe(false)
  expect(isAt(blob, 990, Buffer.alloc(20))).toBe(false)
})
