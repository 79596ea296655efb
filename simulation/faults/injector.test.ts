import { expect, test } from 'bun:test'
import { createSimulatedFileSystem } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { faultKinds, Injector, type FaultKind } from './injector.ts'

/** Makes three folders, the second of which meets the fault; answers which calls were told to have worked, and which folders are there. */
async function threeFolders(kind: FaultKind) {
  const disk = createSimulatedFileSystem()
  const injector = new Injector()
  const fs = injector.fileSystem(disk.fs)
  injector.arm(2, kind)
  const told: string[] = []
  for (const path of ['/a', '/b', '/c']) {
    told.push(await fs.mkdir(path).then(() => 'ok', (error: { code: string }) => error.code))
  }
  const struck = await injector.disarm()
  const made = async (path: string) => await disk.fs.syncDirectory(path).then(() => path, () => undefined)
  return { told, made: (await Promise.all(['/a', '/b', '/c'].map(made))).filter((path) => path !== undefined), struck }
}

const expected: Readonly<Record<FaultKind, readonly [string, string]>> = {
  EIO: ['ok EIO ok', '/a /c'],
  ENOSPC: ['ok ENOSPC ok', '/a /c'],
  lost: ['ok EIO ok', '/a /b /c'],
  crash: ['ok EIO EIO', '/a'],
  'late crash': ['ok EIO EIO', '/a /b'],
}

test.each([...faultKinds])('%s', async (kind) => {
  const { told, made, struck } = await threeFolders(kind)
  expect([told.join(' '), made.join(' ')]).toEqual([...expected[kind]])
  expect(struck).toEqual({ kind, on: 'storage', call: 'mkdir' })
})
