import { describe, expect, test } from 'bun:test'
import type { BlobStore } from '../blob-store.ts'
import { content, expectFailure, expectSame, fill, finish, keyOf, newId, sampleBytes } from '../contract/objects.ts'
import { createFaultyFileSystem, systemError } from './faulty-file-system.testing.ts'
import type { FileSystem } from './file-system.ts'
import { createFilesystemStore } from './filesystem-store.ts'
import { createSimulatedFileSystem, type Survivors } from './simulated-file-system.testing.ts'

const root = '/store'
const bytes = sampleBytes(600_000)
const storeOn = (fileSystem: FileSystem): BlobStore => createFilesystemStore({ root, fileSystem })

describe('the order of system calls', () => {
  async function commitCalls(times: number): Promise<{ calls: string[]; id: string; key: string }> {
    const { fs, calls } = createFaultyFileSystem(createSimulatedFileSystem().fs)
    const store = storeOn(fs)
    for (let i = 1; i < times; i++) await finish(store, bytes)
    const id = newId()
    await fill(await store.begin(id), bytes, sampleBytes(5))
    const before = calls.length
    const key = keyOf(store, id, bytes)
    await store.commit(id, key, bytes.length)
    return { calls: calls.slice(before).map(({ op, path }) => `${op} ${path}`), id, key }
  }

  test('commit: content, then its name, then what lost the name', async () => {
    const { calls, id, key } = await commitCalls(2)
    expect(calls).toEqual([
      `open ${root}/uploads/${id}`,
      `size ${root}/uploads/${id}`,
      `truncate ${root}/uploads/${id}`,
      `sync ${root}/uploads/${id}`,
      `close ${root}/uploads/${id}`,
      `rename ${root}/${key}`,
      `syncDirectory ${root}/${key.slice(0, 'blobs/sha256/ab'.length)}`,
      `syncDirectory ${root}/uploads`,
    ])
  })

  test('the first commit makes each directory durable before it is used', async () => {
    const { calls, key } = await commitCalls(1)
    const made = calls.slice(calls.indexOf(`mkdir ${root}/blobs`), calls.indexOf(`rename ${root}/${key}`))
    expect(made).toEqual([
      `mkdir ${root}/blobs`,
      `syncDirectory ${root}`,
      `mkdir ${root}/blobs/sha256`,
      `syncDirectory ${root}/blobs`,
      `mkdir ${root}/${key.slice(0, 'blobs/sha256/ab'.length)}`,
      `syncDirectory ${root}/blobs/sha256`,
    ])
  })

  test('delete makes both removals durable, also when somebody else removed the names', async () => {
    const { fs, calls } = createFaultyFileSystem(createSimulatedFileSystem().fs)
    const store = storeOn(fs)
    const { id, key } = await finish(store, bytes)
    for (const round of ['there', 'gone']) {
      const before = calls.length
      await store.delete(id, key)
      const syncs = calls.slice(before).flatMap(({ op, path }) => (op === 'syncDirectory' ? [path] : []))
      expect({ round, syncs }).toEqual({ round, syncs: [`${root}/uploads`, `${root}/${key.slice(0, 'blobs/sha256/ab'.length)}`] })
    }
  })
})

test('a root that another process made, and could not sync, is made durable all the same', async () => {
  const disk = createSimulatedFileSystem()
  const broken = createFaultyFileSystem(disk.fs, { at: 2, code: 'EIO' })
  await expect(storeOn(broken.fs).begin(newId())).rejects.toMatchObject({ code: 'failed' })
  expect(broken.calls.map(({ op, path }) => `${op} ${path}`)).toEqual([`mkdir ${root}`, 'syncDirectory /'])
  const { key } = await finish(storeOn(disk.fs), bytes)
  disk.powerCut('synced')
  expect([...disk.files().keys()]).toEqual([`${root}/${key}`])
})

test('a root below a directory that may not be opened is taken as it is, unless this process made it', async () => {
  const disk = createSimulatedFileSystem()
  const closed = createFaultyFileSystem(disk.fs, { at: 2, code: 'EACCES' })
  await expect(storeOn(closed.fs).begin(newId())).rejects.toMatchObject({ code: 'failed' })
  const again = createFaultyFileSystem(disk.fs, { at: 2, code: 'EACCES' })
  await finish(storeOn(again.fs), bytes)
})

/** Plants a mistake between the driver and its disk. */
type Spoil = (fs: FileSystem) => FileSystem

/** The name of an upload is durable early when anything else syncs its directory: here something always does. */
const busy = (fs: FileSystem): FileSystem => ({
  ...fs,
  open: async (path, mode) => {
    const file = await fs.open(path, mode)
    if (mode === 'create') await fs.syncDirectory(`${root}/uploads`)
    return file
  },
})

/**
 * One upload, cut off at system call number `at`, then a power cut. Returns what was
 * promised and is not true, and whether the cut came before the end.
 */
async function cutAt(at: number, survivors: Survivors, spoil: Spoil): Promise<{ broken: string[]; cut: boolean }> {
  const disk = createSimulatedFileSystem()
  const { fs, calls } = createFaultyFileSystem(spoil(busy(disk.fs)), { at, code: 'EIO', last: true })
  const store = storeOn(fs)
  const id = newId()
  const key = keyOf(store, id, bytes)
  let promised = 'nothing'
  try {
    await fill(await store.begin(id), bytes)
    await store.commit(id, key, bytes.length)
    promised = 'committed'
    await store.delete(id, key)
    promised = 'deleted'
  } catch {
    // What the driver says when its process dies is tested elsewhere; here counts what it said before.
  }
  disk.powerCut(survivors)
  const after = storeOn(disk.fs)
  const object = await after.open(key)
  const whole = object !== undefined && Buffer.compare(await content(object), bytes) === 0
  const broken: string[] = []
  if (object !== undefined && !whole) broken.push('a finished object is partial')
  const removing = calls.slice(0, at - 1).some(({ op, path }) => op === 'unlink' && path.endsWith(key))
  if (promised === 'committed' && !whole && !removing) broken.push('a committed object is lost')
  if (promised === 'deleted' && object !== undefined) broken.push('a deleted object is back')
  if (promised === 'deleted' && (await unfinished(after, id))) broken.push('an unfinished name is back')
  return { broken, cut: calls.length >= at }
}

async function unfinished(store: BlobStore, id: string): Promise<boolean> {
  try {
    await (await store.resume(id, 0)).close()
    return true
  } catch {
    return false
  }
}

async function everyCut(survivors: Survivors, spoil: Spoil = (fs) => fs): Promise<{ broken: Set<string>; cuts: number }> {
  const broken = new Set<string>()
  for (let at = 1; ; at++) {
    const result = await cutAt(at, survivors, spoil)
    for (const problem of result.broken) broken.add(problem)
    if (!result.cut) return { broken, cuts: at }
  }
}

describe('a power cut at every system call', () => {
  for (const survivors of ['synced', 'all'] as const) {
    test(`keeps every promise when of the names survive: ${survivors}`, async () => {
      const { broken, cuts } = await everyCut(survivors)
      expect([...broken]).toEqual([])
      expect(cuts).toBeGreaterThan(20)
    })
  }

  const without = (named: (path: string) => boolean): Spoil => (fs) => ({
    ...fs,
    syncDirectory: (path) => (named(path) ? Promise.resolve() : fs.syncDirectory(path)),
  })
  const withoutFileSync: Spoil = (fs) => ({
    ...fs,
    open: async (path, mode) => ({ ...(await fs.open(path, mode)), sync: () => Promise.resolve() }),
  })
  const planted: [string, Survivors, Spoil, string][] = [
    ['the file is not synced', 'all', withoutFileSync, 'a finished object is partial'],
    ['the target directory is not synced', 'synced', without((path) => path.includes('/sha256/')), 'a committed object is lost'],
    ['a new directory is not made durable', 'synced', without((path) => path.endsWith('/sha256')), 'a committed object is lost'],
    ['the uploads directory is not synced', 'synced', without((path) => path.endsWith('/uploads')), 'an unfinished name is back'],
  ]
  test.each(planted)('is noticed to break something when %s', async (_, survivors, spoil, problem) => {
    const { broken } = await everyCut(survivors, spoil)
    expect([...broken]).toContain(problem)
  })

  test('a second commit after the first was cut off makes the object durable', async () => {
    for (let at = 1; ; at++) {
      const disk = createSimulatedFileSystem()
      const { fs, calls } = createFaultyFileSystem(disk.fs, { at, code: 'EIO', last: true })
      const id = newId()
      const key = keyOf(storeOn(fs), id, bytes)
      await fill(await storeOn(disk.fs).begin(id), bytes)
      const first = await storeOn(fs).commit(id, key, bytes.length).then(() => true, () => false)
      await storeOn(disk.fs).commit(id, key, bytes.length)
      disk.powerCut('synced')
      expectSame(await content(await storeOn(disk.fs).open(key)), bytes)
      if (first && calls.length < at) break
    }
  })
})

describe('a sync that fails', () => {
  const syncs = ['sync', 'syncDirectory']

  test.each(['EIO', 'ENOSPC'])('in commit, with %s, drops the object, and no sync is tried again', async (code) => {
    const reference = createFaultyFileSystem(createSimulatedFileSystem().fs)
    await finish(storeOn(reference.fs), bytes)
    const start = reference.calls.findIndex(({ op }) => op === 'size')
    const numbers = reference.calls.flatMap(({ op }, i) => (i > start && syncs.includes(op) ? [i + 1] : []))
    expect(numbers.length).toBe(6)
    for (const at of numbers) {
      const { fs, calls } = createFaultyFileSystem(createSimulatedFileSystem().fs, { at, code })
      const store = storeOn(fs)
      const id = newId()
      const key = keyOf(store, id, bytes)
      await fill(await store.begin(id), bytes)
      await expectFailure(code === 'ENOSPC' ? 'full' : 'failed', () => store.commit(id, key, bytes.length))
      expect(await store.stat(key)).toBeUndefined()
      const before = calls.length
      await expectFailure('missing', () => store.commit(id, key, bytes.length))
      expect(calls.slice(before).filter(({ op }) => syncs.includes(op))).toEqual([])
    }
  })

  test('condemns the object when it cannot be dropped either, until it is deleted', async () => {
    const disk = createSimulatedFileSystem()
    let broken = true
    const fail = (code: string) => (broken ? Promise.reject(systemError(code, 'any call')) : undefined)
    const store = storeOn({
      ...disk.fs,
      open: async (path, mode) => {
        const file = await disk.fs.open(path, mode)
        return { ...file, sync: () => fail('EIO') ?? file.sync() }
      },
      unlink: (path) => fail('EROFS') ?? disk.fs.unlink(path),
    })
    const id = newId()
    const key = keyOf(store, id, bytes)
    await fill(await store.begin(id), bytes)
    const error = await expectFailure('failed', () => store.commit(id, key, bytes.length))
    expect((error.cause as AggregateError).errors).toHaveLength(2)
    broken = false
    await expectFailure('failed', () => store.commit(id, key, bytes.length))
    await expectFailure('failed', () => store.resume(id, 0))
    await expectFailure('failed', () => store.copyUnfinished(id, newId(), 1))
    await store.delete(id, key)
    await expectFailure('missing', () => store.resume(id, 0))
  })

  test('of the directories in a repeated commit leaves the finished object alone: it may have been acknowledged', async () => {
    const disk = createSimulatedFileSystem()
    const { id, key } = await finish(storeOn(disk.fs), bytes)
    const store = storeOn({ ...disk.fs, syncDirectory: () => Promise.reject(systemError('EIO', 'sync')) })
    await expectFailure('failed', () => store.commit(id, key, bytes.length))
    expect(await store.stat(key)).toEqual({ size: bytes.length })
  })
})
