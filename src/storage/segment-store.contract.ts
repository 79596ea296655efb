import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { StorageError } from './blob-store.ts'
import type { SegmentStore } from './segment-store.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof StorageError ? error.code : error),
  )

/** Everything a SegmentStore promises, as tests of one driver. */
export function describeSegmentStore(name: string, create: () => Promise<{ store: SegmentStore; dispose(): Promise<void> }>): void {
  describe(`segment store: ${name}`, () => {
    let store: SegmentStore
    let dispose: () => Promise<void>
    beforeAll(async () => {
      ;({ store, dispose } = await create())
    })
    afterAll(() => dispose())

    test('nothing is there at first', async () => {
      expect(await store.list()).toEqual([])
      expect(await store.read('a', 10)).toBeUndefined()
      await store.delete('a')
    })

    test('what was put is listed in byte order and read', async () => {
      for (const segment of ['b', 'a', 'a-1', '0']) await store.put(segment, bytes(`of ${segment}`))
      expect(await store.list()).toEqual(['0', 'a', 'a-1', 'b'])
      expect(await store.read('a-1', 6)).toEqual(bytes('of a-1'))
      await store.put('empty', new Uint8Array(0))
      expect(await store.read('empty', 0)).toEqual(new Uint8Array(0))
    })

    test('a segment is never replaced', async () => {
      await store.put('once', bytes('first'))
      expect(await codeOf(store.put('once', bytes('second')))).toBe('exists')
      expect(await store.read('once', 100)).toEqual(bytes('first'))
    })

    test('what is larger than the reader takes is not read', async () => {
      await store.put('large', new Uint8Array(1000))
      expect(await codeOf(store.read('large', 999))).toBe('failed')
    })

    test('a deleted one is gone, and its name may be used again', async () => {
      await store.put('gone', bytes('x'))
      await store.delete('gone')
      expect(await store.list()).not.toContain('gone')
      expect(await store.read('gone', 10)).toBeUndefined()
      await store.put('gone', bytes('y'))
      expect(await store.read('gone', 10)).toEqual(bytes('y'))
    })

    test.each(['', '.', '..', '../x', 'a/b', '/etc/passwd', 'a.new', 'A', '-a', 'a'.repeat(65), 'a\0'])('%j is no name', async (bad) => {
      expect(await codeOf(store.put(bad, bytes('x')))).toBe('failed')
      expect(await codeOf(store.read(bad, 10))).toBe('failed')
      expect(await codeOf(store.delete(bad))).toBe('failed')
    })
  })
}
