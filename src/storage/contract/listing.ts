import { expect } from 'bun:test'
import type { ContractCase } from '../blob-store.contract.ts'
import type { BlobStore, StoredObject } from '../blob-store.ts'
import { expectFailure, fill, finish, newId, sampleBytes } from './objects.ts'

async function listAll(store: BlobStore): Promise<StoredObject[]> {
  const found: StoredObject[] = []
  let cursor: string | undefined
  do {
    const page = await store.list(cursor)
    found.push(...page.objects)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

const sizesOf = async (store: BlobStore, id: string) =>
  (await listAll(store)).filter((object) => object.id === id).map(({ key, size }) => ({ key, size }))

/** Finding what no row knows. */
export const listingCases: readonly ContractCase[] = [
  {
    title: 'the list has every object once, unfinished and finished, and none that was deleted',
    async run({ store }) {
      const unfinished = newId()
      await fill(await store.begin(unfinished), sampleBytes(70))
      const finished = []
      for (let salt = 0; salt < 40; salt++) finished.push(await finish(store, sampleBytes(100 + salt, salt)))
      const gone = await finish(store, sampleBytes(50, 99))
      await store.delete(gone.id, gone.key)
      expect(await sizesOf(store, unfinished)).toEqual([{ key: undefined, size: 70 }])
      for (const [salt, { id, key }] of finished.entries()) expect(await sizesOf(store, id)).toEqual([{ key, size: 100 + salt }])
      expect(await sizesOf(store, gone.id)).toEqual([])
    },
  },
  {
    title: 'the list says when an object was written',
    async run({ store }) {
      const before = Date.now() - 60_000
      const { id } = await finish(store, sampleBytes(10))
      const [object] = (await listAll(store)).filter((each) => each.id === id)
      expect(object?.modified).toBeGreaterThan(before)
      expect(object?.modified).toBeLessThan(Date.now() + 60_000)
    },
  },
  {
    title: 'a list goes on at no place that it was not given',
    async run({ store }) {
      for (const cursor of ['', '..', '../..', '/etc', 'blobs', 'uploads/..', 'blobs/sha256/zz']) {
        await expectFailure('failed', () => store.list(cursor))
      }
    },
  },
]
