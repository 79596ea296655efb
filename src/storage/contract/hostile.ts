import { expect } from 'bun:test'
import fc from 'fast-check'
import type { BlobStore } from '../blob-store.ts'
import type { ContractCase } from '../blob-store.contract.ts'
import { content, expectFailure, expectSame, finish, keyOf, newId, sampleBytes } from './objects.ts'

/** What a tampered row may hold where an id belongs (reliability.md, S04). */
export const hostileNames: readonly string[] = [
  '',
  '.',
  '..',
  '../x',
  '../../etc/passwd',
  '/etc/passwd',
  'a/b',
  'a\\b',
  '..\\..\\x',
  '%2e%2e',
  '%2e%2e%2fx',
  '%252e%252e',
  'a%00b',
  'a\0b',
  'a\n',
  'a b',
  'A',
  '-a',
  'a.b',
  'ä',
  '\uff0e\uff0e',
  '\ud800',
  'a'.repeat(65),
  'a'.repeat(4096),
  '0/'.repeat(2048),
  '~',
  'C:x',
  'file:///etc/passwd',
]

const hex = 'ab'.repeat(32)

/** Keys no driver ever gave. */
export const hostileKeys: readonly string[] = [
  ...hostileNames,
  ...hostileNames.map((name) => `blobs/sha256/ab/${hex}.${name}`),
  ...hostileNames.map((name) => `blobs/${name}/ab/${hex}.aa`),
  `blobs/sha256/../${hex}.aa`,
  `blobs/sha256/cd/${hex}.aa`,
  `blobs/sha256/ab/${hex.toUpperCase()}.aa`,
  `blobs/sha256/ab/${hex}.aa/`,
  `blobs/sha256/ab/${hex}.aa\n`,
  `blobs/sha256/ab/${hex}.aa.bb`,
  `blobs/sha256/ab/${hex}`,
  `blobs/sha256/ab/${hex}${hex}.aa`,
  `blobs/sha512/ab/${hex}.aa`,
  `blobs//sha256/ab/${hex}.aa`,
  `/blobs/sha256/ab/${hex}.aa`,
  `./blobs/sha256/ab/${hex}.aa`,
  `blobs/sha256/ab/x/../${hex}.aa`,
  'uploads/aa',
]

/** Every call that takes an id, with a bad one. */
const callsWithId = (store: BlobStore, bad: string): (() => Promise<unknown>)[] => [
  () => store.begin(bad),
  () => store.resume(bad, 0),
  () => store.copyUnfinished(bad, newId(), 0),
  () => store.copyUnfinished(newId(), bad, 0),
  () => new Response(store.readUnfinished(bad, 1)).bytes(),
  () => store.commit(bad, keyOf(store, newId(), sampleBytes(1)), 1),
  () => store.delete(bad, undefined),
  async () => store.finishedKey(bad, `sha256:${hex}`),
]

/** Every call that takes a key, with a bad one. */
const callsWithKey = (store: BlobStore, bad: string): (() => Promise<unknown>)[] => [
  () => store.open(bad),
  () => store.open(bad, { start: 0, end: 0 }),
  () => store.stat(bad),
  () => store.commit('aa', bad, 1),
  () => store.delete('aa', bad),
]

/** Runs every call with everything hostile; all must fail with `failed`. */
export async function attack(store: BlobStore): Promise<void> {
  for (const bad of hostileNames) for (const call of callsWithId(store, bad)) await expectFailure('failed', call)
  for (const bad of hostileKeys) for (const call of callsWithKey(store, bad)) await expectFailure('failed', call)
}

/** The attacker can change database rows, and so choose every id, key and size a store is called with. */
export const hostileCases: readonly ContractCase[] = [
  {
    title: 'ids and keys that no driver gave are refused by every call',
    run: ({ store }) => attack(store),
  },
  {
    title: 'so is any text',
    async run({ store }) {
      const pathLike = fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', 'a', '2', 'e', '\0') })
      const anyText = fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), pathLike), async (text) => {
        await expectFailure('failed', () => store.open(text))
        await expectFailure('failed', () => store.stat(`blobs/sha256/ab/${hex}.a.${text}`))
        await expectFailure('failed', () => store.resume(`${text}/`, 0))
      })
      await fc.assert(anyText, { numRuns: 300 })
    },
  },
  {
    title: 'a digest that is none makes no key',
    async run({ store }) {
      const upper = hex.toUpperCase()
      const malformed = ['', 'sha256:', hex, `sha256:${upper}`, `sha256:${hex}00`]
      const digests = [...malformed, `md5:${'0'.repeat(32)}`, `sha256:../${hex}`, `../x:${hex}`]
      for (const digest of digests) await expectFailure('failed', async () => store.finishedKey(newId(), digest))
    },
  },
  {
    title: 'one object cannot be named by the key of another',
    async run({ store }) {
      const bytes = sampleBytes(10)
      const [mine, other] = [await finish(store, bytes), await finish(store, bytes)]
      await expectFailure('failed', () => store.delete(mine.id, other.key))
      await expectFailure('failed', () => store.commit(mine.id, other.key, 10))
      for (const { key } of [mine, other]) expectSame(await content(await store.open(key)), bytes)
    },
  },
  {
    title: 'sizes and offsets that are no numbers of bytes are refused',
    async run({ store }) {
      const { id, key } = await finish(store, sampleBytes(10))
      await (await store.begin(id)).close()
      for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
        await expectFailure('failed', () => store.resume(id, bad))
        await expectFailure('failed', () => store.copyUnfinished(id, newId(), bad))
        await expectFailure('failed', () => new Response(store.readUnfinished(id, bad)).bytes())
        await expectFailure('failed', () => new Response(store.readUnfinished(id, 1, bad)).bytes())
        await expectFailure('failed', () => store.commit(id, key, bad))
      }
      expect(await store.stat(key)).toEqual({ size: 10 })
    },
  },
]
