import { expect } from 'bun:test'
import fc from 'fast-check'
import type { ContractCase } from '../blob-store.contract.ts'
import { content, expectSame, finish, newId, sampleBytes } from './objects.ts'

const size = 1_000_003

/** Positions at which off-by-one errors live, and any other. */
const position = fc.oneof(
  fc.constantFrom(0, 1, 4095, 4096, 65_535, 65_536, 2 ** 19 - 1, 2 ** 19, size - 2, size - 1),
  fc.nat({ max: size - 1 }),
)

/** What `open` and `stat` give. */
export const rangeCases: readonly ContractCase[] = [
  {
    title: 'any range gives exactly its bytes, and the size of the whole',
    async run({ store }) {
      const bytes = sampleBytes(size)
      const { key } = await finish(store, bytes)
      const anyRange = fc.asyncProperty(position, position, async (a, b) => {
        const range = { start: Math.min(a, b), end: Math.max(a, b) }
        const object = await store.open(key, range)
        expect(object?.size).toBe(size)
        expectSame(await content(object), bytes.subarray(range.start, range.end + 1))
      })
      await fc.assert(anyRange, { numRuns: 300 })
    },
  },
  {
    title: 'the one byte of an object of one',
    async run({ store }) {
      const { key } = await finish(store, sampleBytes(1))
      expectSame(await content(await store.open(key, { start: 0, end: 0 })), sampleBytes(1))
    },
  },
  {
    title: 'many readers at once, each with its own range',
    async run({ store }) {
      const bytes = sampleBytes(size)
      const { key } = await finish(store, bytes)
      const reads = Array.from({ length: 32 }, async (_, i) => {
        const start = i * 30_000
        expectSame(await content(await store.open(key, { start, end: start + 40_000 })), bytes.subarray(start, start + 40_001))
      })
      await Promise.all(reads)
    },
  },
  {
    title: 'an absent object is absent, not an error',
    async run({ store }) {
      const key = store.finishedKey(newId(), `sha256:${'00'.repeat(32)}`)
      expect(await store.stat(key)).toBeUndefined()
      expect(await store.open(key)).toBeUndefined()
      expect(await store.open(key, { start: 0, end: 0 })).toBeUndefined()
    },
  },
]
