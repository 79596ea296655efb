import { expect } from 'bun:test'
import type { ContractCase } from '../blob-store.contract.ts'
import { content, expectFailure, expectSame, fill, finish, keyOf, newId, sampleBytes } from './objects.ts'

/** From the first byte to the last name. */
export const lifeCases: readonly ContractCase[] = [
  {
    title: 'an object is there under its key from commit on, and not before',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(1000)
      const key = keyOf(store, id, bytes)
      await fill(await store.begin(id), bytes)
      expect(await store.stat(key)).toBeUndefined()
      expect(await store.open(key)).toBeUndefined()
      await store.commit(id, key, bytes.length)
      expect(await store.stat(key)).toEqual({ size: 1000 })
      const object = await store.open(key)
      expect(object?.size).toBe(1000)
      expectSame(await content(object), bytes)
    },
  },
  {
    title: 'an object of no bytes',
    async run({ store }) {
      const { key } = await finish(store, new Uint8Array(0))
      expect(await store.stat(key)).toEqual({ size: 0 })
      expectSame(await content(await store.open(key)), new Uint8Array(0))
    },
  },
  {
    title: '8 MiB in chunks of every size, each reused by the caller as soon as its write settles',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(8 * 2 ** 20)
      const writer = await store.begin(id)
      const chunk = new Uint8Array(2 ** 20 + 2 ** 19)
      for (let offset = 0, length = 1; offset < bytes.length; length = (length * 3 + 1) % chunk.length) {
        const part = bytes.subarray(offset, offset + length)
        chunk.set(part)
        await writer.write(chunk.subarray(0, part.length))
        chunk.fill(0xff)
        offset += part.length
        expect(writer.offset).toBe(offset)
      }
      await writer.close()
      const key = keyOf(store, id, bytes)
      await store.commit(id, key, bytes.length)
      expectSame(await content(await store.open(key)), bytes)
    },
  },
  {
    title: 'an empty chunk changes nothing',
    async run({ store }) {
      const id = newId()
      const writer = await store.begin(id)
      await fill(writer, new Uint8Array(0), sampleBytes(3), new Uint8Array(0))
      expect(writer.offset).toBe(3)
    },
  },
  {
    title: 'a writer takes one call at a time, and nothing after close',
    async run({ store }) {
      const writer = await store.begin(newId())
      const first = writer.write(sampleBytes(10))
      await Promise.all([
        expectFailure('failed', () => writer.write(sampleBytes(10))),
        expectFailure('failed', () => writer.close()),
        first,
      ])
      await writer.close()
      await writer.close()
      await expectFailure('failed', () => writer.write(sampleBytes(10)))
      expect(writer.offset).toBe(10)
    },
  },
  {
    title: 'begin refuses an id that is being written',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(10)
      await fill(await store.begin(id), bytes)
      await expectFailure('exists', () => store.begin(id))
      expectSame(await new Response(store.readUnfinished(id, 10)).bytes(), bytes)
    },
  },
  {
    title: 'the key is known before and the same each time; two objects of one digest have two keys',
    async run({ store }) {
      const bytes = sampleBytes(500)
      const [first, second] = [await finish(store, bytes), await finish(store, bytes)]
      expect(first.key).toBe(keyOf(store, first.id, bytes))
      expect(second.key).not.toBe(first.key)
      await store.delete(first.id, first.key)
      expect(await store.stat(first.key)).toBeUndefined()
      expectSame(await content(await store.open(second.key)), bytes)
    },
  },
  {
    title: 'a sha512 digest makes a key as well',
    async run({ store }) {
      const id = newId()
      const key = store.finishedKey(id, `sha512:${'0a'.repeat(64)}`)
      await fill(await store.begin(id), sampleBytes(5))
      await store.commit(id, key, 5)
      expect(await store.stat(key)).toEqual({ size: 5 })
    },
  },
  {
    title: 'commit succeeds again',
    async run({ store }) {
      const bytes = sampleBytes(700)
      const { id, key } = await finish(store, bytes)
      await store.commit(id, key, 700)
      expectSame(await content(await store.open(key)), bytes)
      await expectFailure('missing', () => store.commit(id, key, 701))
    },
  },
  {
    title: 'commit keeps the first `size` bytes',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(100)
      const key = keyOf(store, id, bytes.subarray(0, 60))
      await fill(await store.begin(id), bytes)
      await store.commit(id, key, 60)
      expectSame(await content(await store.open(key)), bytes.subarray(0, 60))
    },
  },
  {
    title: 'commit of more bytes than there are is refused, and the upload may go on',
    async run({ store }) {
      const id = newId()
      const bytes = sampleBytes(100)
      const key = keyOf(store, id, bytes)
      await fill(await store.begin(id), bytes.subarray(0, 40))
      await expectFailure('missing', () => store.commit(id, key, 100))
      expect(await store.stat(key)).toBeUndefined()
      await fill(await store.resume(id, 40), bytes.subarray(40))
      await store.commit(id, key, 100)
      expectSame(await content(await store.open(key)), bytes)
    },
  },
  {
    title: 'commit of an object nobody began is refused',
    async run({ store }) {
      const id = newId()
      await expectFailure('missing', () => store.commit(id, keyOf(store, id, sampleBytes(0)), 0))
    },
  },
  {
    title: 'delete removes an unfinished object, and a finished one, and is content when there is none',
    async run({ store }) {
      const id = newId()
      const key = keyOf(store, id, sampleBytes(10))
      await store.delete(id, undefined)
      await store.delete(id, key)
      await fill(await store.begin(id), sampleBytes(10))
      await store.delete(id, undefined)
      await expectFailure('missing', () => store.resume(id, 0))

      const finished = await finish(store, sampleBytes(10))
      await store.delete(finished.id, finished.key)
      await store.delete(finished.id, finished.key)
      expect(await store.stat(finished.key)).toBeUndefined()
      expect(await store.open(finished.key)).toBeUndefined()
      await expectFailure('missing', () => store.commit(finished.id, finished.key, 10))
    },
  },
  {
    title: 'delete removes both names when there are two',
    async run({ store }) {
      const { id, key } = await finish(store, sampleBytes(10))
      await fill(await store.begin(id), sampleBytes(20))
      await store.delete(id, key)
      expect(await store.stat(key)).toBeUndefined()
      await expectFailure('missing', () => store.resume(id, 0))
    },
  },
  {
    title: 'closed writers and finished objects outlive the process',
    needs: 'reopen',
    async run({ store, reopen }) {
      const bytes = sampleBytes(300_000)
      const { key } = await finish(store, bytes)
      const id = newId()
      await fill(await store.begin(id), bytes)
      const later = reopen()
      expectSame(await content(await later.open(key)), bytes)
      expectSame(await new Response(later.readUnfinished(id, bytes.length)).bytes(), bytes)
      await later.commit(id, keyOf(later, id, bytes), bytes.length)
      expectSame(await content(await store.open(keyOf(store, id, bytes))), bytes)
    },
  },
]
