import { describe, expect, test } from 'bun:test'
import { describeSegmentStore } from '../segment-store.contract.ts'
import { createFaultyFileSystem, type Fault } from './faulty-file-system.testing.ts'
import type { FileSystem } from './file-system.ts'
import { createFilesystemSegments } from './filesystem-segments.ts'
import { createSimulatedFileSystem, type Survivors } from './simulated-file-system.testing.ts'
import { temporaryFolder } from './temporary-folder.testing.ts'

describeSegmentStore('filesystem', async () => {
  const { path, remove } = await temporaryFolder()
  return { store: createFilesystemSegments({ root: path }), dispose: remove }
})

const root = '/store'
const first = new Uint8Array(5_000).fill(1)
const second = new Uint8Array(70_000).fill(2)

/** Two segments written and one deleted; answers what was promised. */
async function work(fileSystem: FileSystem): Promise<{ kept: string[]; gone: string[] }> {
  const store = createFilesystemSegments({ root, fileSystem })
  const [kept, gone]: string[][] = [[], []]
  try {
    await store.put('a', first)
    kept!.push('a')
    await store.put('b', second)
    kept!.push('b')
    kept!.shift()
    await store.delete('a')
    gone!.push('a')
  } catch {
    // Its words are tested with the store of objects; here counts what is on the disk.
  }
  return { kept: kept!, gone: gone! }
}

async function checkAfter(fileSystem: FileSystem, { kept, gone }: { kept: string[]; gone: string[] }): Promise<void> {
  const store = createFilesystemSegments({ root, fileSystem })
  const names = await store.list()
  for (const name of names) expect(await store.read(name, 100_000)).toEqual(name === 'a' ? first : second)
  expect(names).toEqual(expect.arrayContaining(kept))
  for (const name of gone) expect(names).not.toContain(name)
  for (const name of names) await store.delete(name)
  await store.put('a', first)
  await store.put('b', second)
}

async function atEveryCall(fault: Omit<Fault, 'at'>, cut?: Survivors): Promise<number> {
  for (let at = 1; ; at++) {
    const disk = createSimulatedFileSystem()
    const faulty = createFaultyFileSystem(disk.fs, { ...fault, at })
    const promised = await work(faulty.fs)
    expect(faulty.open()).toBe(0)
    if (cut !== undefined) disk.powerCut(cut)
    await checkAfter(disk.fs, promised)
    if (faulty.calls.length < at) return at
  }
}

describe('segments when a system call fails', () => {
  test.each([
    ['EIO', { code: 'EIO' }],
    ['EIO after its work', { code: 'EIO', late: true }],
    ['ENOSPC', { code: 'ENOSPC' }],
    ['EIO, and the process is gone', { code: 'EIO', last: true }],
  ])('%s', async (_name, fault) => {
    expect(await atEveryCall(fault)).toBeGreaterThan(20)
  })

  test.each(['synced', 'all'] as const)('a power cut at every call; names that survive: %s', async (survivors) => {
    expect(await atEveryCall({ code: 'EIO', last: true }, survivors)).toBeGreaterThan(20)
  })
})
