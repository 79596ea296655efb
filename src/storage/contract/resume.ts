import { expect } from 'bun:test'
import type { ContractCase } from '../blob-store.contract.ts'
import { content, expectFailure, expectSame, fill, finish, keyOf, newId, sampleBytes } from './objects.ts'

const unfinishedBytes = (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => new Response(stream).bytes()

/** Taking up what another writer left, in place or in a copy. */
export const resumeCases: readonly ContractCase[] = [
  {
    title: 'a closed writer is followed by another',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(1_000_000)
      await fill(await store.begin(id), bytes.subarray(0, 700_001))
      const writer = await store.resume(id, 700_001)
      expect(writer.offset).toBe(700_001)
      await fill(writer, bytes.subarray(700_001))
      expect(writer.offset).toBe(bytes.length)
      const key = keyOf(store, id, bytes)
      await store.commit(id, key, bytes.length)
      expectSame(await content(await store.open(key)), bytes)
    },
  },
  {
    title: 'a writer that was lost without close leaves what the one before it closed',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(2_000_000)
      await fill(await store.begin(id), bytes.subarray(0, 900_000))
      const lost = await store.resume(id, 900_000)
      await lost.write(sampleBytes(800_000, 7))
      await fill(await store.resume(id, 900_000), bytes.subarray(900_000))
      const key = keyOf(store, id, bytes)
      await store.commit(id, key, bytes.length)
      expectSame(await content(await store.open(key)), bytes)
    },
  },
  {
    title: 'resuming at a smaller offset discards the rest',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(100)
      await fill(await store.begin(id), bytes.subarray(0, 50), sampleBytes(50, 7))
      await fill(await store.resume(id, 50), bytes.subarray(50, 60))
      await fill(await store.resume(id, 60))
      const key = keyOf(store, id, bytes.subarray(0, 60))
      await store.commit(id, key, 60)
      expect(await store.stat(key)).toEqual({ size: 60 })
      expectSame(await content(await store.open(key)), bytes.subarray(0, 60))
    },
  },
  {
    title: 'resume refuses an offset that was never reached, an unknown id and a finished one',
    async run({ store }) {
      const id = newId()
      await fill(await store.begin(id), sampleBytes(10))
      await expectFailure('missing', () => store.resume(id, 11))
      await expectFailure('missing', () => store.resume(newId(), 0))
      const finished = await finish(store, sampleBytes(10))
      await expectFailure('missing', () => store.resume(finished.id, 0))
    },
  },
  {
    title: 'a copy has the first bytes, goes its own way and leaves the original alone',
    async run({ store }) {
      const [from, to] = [newId(), newId()]
      const bytes = sampleBytes(400_000)
      const other = sampleBytes(1000, 7)
      await fill(await store.begin(from), bytes)
      const writer = await store.copyUnfinished(from, to, 300_000)
      expect(writer.offset).toBe(300_000)
      await fill(writer, other)
      expectSame(await unfinishedBytes(store.readUnfinished(from, bytes.length)), bytes)
      await store.delete(from, undefined)
      const expected = Buffer.concat([bytes.subarray(0, 300_000), other])
      const key = keyOf(store, to, expected)
      await store.commit(to, key, expected.length)
      expectSame(await content(await store.open(key)), expected)
    },
  },
  {
    title: 'a copy of no bytes',
    async run({ store }) {
      const [from, to] = [newId(), newId()]
      await fill(await store.begin(from), sampleBytes(10))
      await fill(await store.copyUnfinished(from, to, 0))
      await store.commit(to, keyOf(store, to, new Uint8Array(0)), 0)
    },
  },
  {
    title: 'a copy is refused onto an id that is being written, of unknown objects and of more bytes than there are',
    async run({ store }) {
      const [from, taken] = [newId(), newId()]
      const bytes = sampleBytes(10)
      await fill(await store.begin(from), bytes)
      await fill(await store.begin(taken), bytes)
      await expectFailure('exists', () => store.copyUnfinished(from, taken, 5))
      expectSame(await unfinishedBytes(store.readUnfinished(taken, 10)), bytes)
      await expectFailure('missing', () => store.copyUnfinished(newId(), newId(), 0))
      const to = newId()
      await expectFailure('missing', () => store.copyUnfinished(from, to, 11))
      await store.delete(to, undefined)
      await fill(await store.copyUnfinished(from, to, 10))
    },
  },
  {
    title: 'unfinished bytes are read in bounded chunks, as many as were asked for',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(3_000_000)
      await fill(await store.begin(id), bytes)
      const chunks: Uint8Array[] = []
      for await (const chunk of store.readUnfinished(id, 2_500_000)) chunks.push(chunk)
      expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(2 ** 20)
      expectSame(Buffer.concat(chunks), bytes.subarray(0, 2_500_000))
      expectSame(await unfinishedBytes(store.readUnfinished(id, 0)), new Uint8Array(0))
      expectSame(await unfinishedBytes(store.readUnfinished(id, 2_500_000, 1_200_000)), bytes.subarray(1_200_000, 2_500_000))
      expectSame(await unfinishedBytes(store.readUnfinished(id, 10, 20)), new Uint8Array(0))
    },
  },
  {
    title: 'reading more unfinished bytes than there are, or none that exist, fails',
    async run({ store }) {
      const id = newId()
      await fill(await store.begin(id), sampleBytes(10))
      await expectFailure('missing', () => unfinishedBytes(store.readUnfinished(id, 11)))
      await expectFailure('missing', () => unfinishedBytes(store.readUnfinished(id, 11, 10)))
      await expectFailure('missing', () => unfinishedBytes(store.readUnfinished(id, 12, 11)))
      await expectFailure('missing', () => unfinishedBytes(store.readUnfinished(newId(), 1)))
    },
  },
  {
    title: 'reading unfinished bytes can be given up',
    async run({ store }) {
      const id = newId()
      await fill(await store.begin(id), sampleBytes(1_000_000))
      const reader = store.readUnfinished(id, 1_000_000).getReader()
      expect((await reader.read()).done).toBe(false)
      await reader.cancel()
      await store.readUnfinished(id, 1_000_000).cancel()
    },
  },
]
