import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { StorageError, type StorageErrorCode } from '../blob-store.ts'
import { content, expectFailure, expectSame, fill, finish, keyOf, newId, sampleBytes } from '../contract/objects.ts'
import { createFaultyFileSystem, type Fault, type FaultyFileSystem } from './faulty-file-system.testing.ts'
import { createFilesystemStore } from './filesystem-store.ts'
import { systemFileSystem } from './system-file-system.ts'
import { temporaryFolder } from './temporary-folder.testing.ts'

const bytes = sampleBytes(1_300_000)
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let roots = 0

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const newRoot = (): string => join(folder.path, String(roots++))

interface Attempt {
  readonly disk: FaultyFileSystem
  readonly root: string
  readonly ids: readonly string[]
  readonly key: string
  readonly error: unknown
}

/** An upload with everything in it: begun, resumed, copied, read back, committed. */
async function upload(fault: Fault): Promise<Attempt> {
  const root = newRoot()
  const disk = createFaultyFileSystem(systemFileSystem, fault)
  const store = createFilesystemStore({ root, fileSystem: disk.fs })
  const [first, id] = [newId(), newId()]
  const key = keyOf(store, id, bytes)
  const write = async (opening: ReturnType<typeof store.begin>, from: number, to: number): Promise<void> => {
    const writer = await opening
    try {
      for (let at = from; at < to; at += 100_000) await writer.write(bytes.subarray(at, Math.min(at + 100_000, to)))
    } finally {
      await writer.close()
    }
  }
  let error: unknown
  try {
    await write(store.begin(first), 0, 650_000)
    await write(store.resume(first, 600_000), 600_000, 800_000)
    await write(store.copyUnfinished(first, id, 700_000), 700_000, bytes.length)
    expectSame(await new Response(store.readUnfinished(id, bytes.length)).bytes(), bytes)
    await store.commit(id, key, bytes.length)
    await store.open(key)
    await store.delete(first, undefined)
  } catch (thrown) {
    error = thrown
  }
  return { disk, root, ids: [first, id], key, error }
}

/** Whatever failed: no file is open, a finished object is whole, deleting leaves nothing, and the store takes a new upload. */
async function checkAfter({ disk, root, ids, key }: Attempt): Promise<void> {
  expect(disk.open()).toBe(0)
  const store = createFilesystemStore({ root })
  const object = await store.open(key)
  if (object !== undefined) expectSame(await content(object), bytes)
  for (const id of ids) await store.delete(id, key.endsWith(id) ? key : undefined)
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  expect(files.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual([])
  const again = await finish(store, sampleBytes(10))
  await store.delete(again.id, again.key)
}

const kinds: [string, Omit<Fault, 'at'>, StorageErrorCode][] = [
  ['ENOSPC', { code: 'ENOSPC' }, 'full'],
  ['EDQUOT', { code: 'EDQUOT' }, 'full'],
  ['EROFS', { code: 'EROFS' }, 'full'],
  ['EIO', { code: 'EIO' }, 'failed'],
  ['EIO after the work was done', { code: 'EIO', late: true }, 'failed'],
  ['EIO from then on', { code: 'EIO', last: true }, 'failed'],
]

test.each(kinds)('any system call of an upload fails with %s: a StorageError, never a partial object', async (_, kind, code) => {
  let at = 1
  for (; ; at++) {
    const attempt = await upload({ ...kind, at })
    await checkAfter(attempt)
    if (attempt.disk.calls.length < at) {
      expect(attempt.error).toBeUndefined()
      break
    }
    expect(attempt.error).toBeInstanceOf(StorageError)
    expect({ at, code: (attempt.error as StorageError).code }).toEqual({ at, code })
  }
  expect(at).toBeGreaterThan(40)
})

test('a failed writer takes nothing more, repeats its failure, and leaves what was closed before', async () => {
  const root = newRoot()
  const whole = createFilesystemStore({ root })
  const id = newId()
  await fill(await whole.begin(id), bytes.subarray(0, 300_000))
  const disk = createFaultyFileSystem(systemFileSystem, { at: 3, code: 'ENOSPC' })
  const writer = await createFilesystemStore({ root, fileSystem: disk.fs }).resume(id, 300_000)
  await expectFailure('full', () => writer.write(bytes.subarray(300_000, 700_000)))
  await expectFailure('full', () => writer.write(bytes.subarray(300_000, 300_010)))
  await expectFailure('full', () => writer.close())
  await expectFailure('full', () => writer.close())
  expect(disk.open()).toBe(0)
  await fill(await whole.resume(id, 300_000), bytes.subarray(300_000))
  const key = keyOf(whole, id, bytes)
  await whole.commit(id, key, bytes.length)
  expectSame(await content(await whole.open(key)), bytes)
})

test('a file system that takes and gives a few bytes at a time', async () => {
  const store = createFilesystemStore({
    root: newRoot(),
    fileSystem: {
      ...systemFileSystem,
      open: async (path, mode) => {
        const file = await systemFileSystem.open(path, mode)
        return {
          ...file,
          write: (part, offset) => file.write(part.subarray(0, 4093), offset),
          read: (into, offset) => file.read(into.subarray(0, 4091), offset),
        }
      },
    },
  })
  const id = newId()
  await fill(await store.begin(id), bytes.subarray(0, 10), bytes.subarray(10, 200_000), bytes.subarray(200_000))
  expectSame(await new Response(store.readUnfinished(id, bytes.length)).bytes(), bytes)
  const key = keyOf(store, id, bytes)
  await store.commit(id, key, bytes.length)
  expectSame(await content(await store.open(key)), bytes)
})

test('a file system that takes no bytes and says nothing does not hold a writer for ever', async () => {
  const store = createFilesystemStore({
    root: newRoot(),
    fileSystem: {
      ...systemFileSystem,
      open: async (path, mode) => ({ ...(await systemFileSystem.open(path, mode)), write: async () => 0 }),
    },
  })
  const writer = await store.begin(newId())
  await expectFailure('failed', () => writer.write(bytes))
  await expectFailure('failed', () => writer.close())
})
