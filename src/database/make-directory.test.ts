import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDirectory } from './make-directory.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('makes what is missing, and takes what is there', () => {
  makeDirectory(join(folder, 'a/b'))
  makeDirectory(join(folder, 'a/b'))
  expect(() => makeDirectory('/dev/null/a')).toThrow()
})

test('takes a directory below one that may not be opened', () => {
  mkdirSync(join(folder, 'closed/data'), { recursive: true })
  chmodSync(join(folder, 'closed'), 0o311)
  makeDirectory(join(folder, 'closed/data'))
  chmodSync(join(folder, 'closed'), 0o755)
})

/** Why system calls can't be watched here; absent where they can. */
function cannotTrace(): string | undefined {
  if (Bun.which('strace') === null) return 'strace is not installed'
  return Bun.spawnSync(['strace', '-qq', '-e', 'trace=none', 'true']).success ? undefined : "strace can't trace here"
}

const reason = cannotTrace()
describe.skipIf(reason !== undefined)(`the names of directories${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  /** The directories that making `path` synced, below the folder. */
  function synced(path: string): string[] {
    const script = `import { makeDirectory } from ${JSON.stringify(join(import.meta.dir, 'make-directory.ts'))}; makeDirectory(${JSON.stringify(path)})`
    const trace = join(folder, 'trace')
    const { success, stderr } = Bun.spawnSync(['strace', '-f', '-qq', '-y', '-e', 'trace=fsync', '-o', trace, process.execPath, '-e', script])
    if (!success) throw new Error(stderr.toString())
    const text = Bun.spawnSync(['cat', trace]).stdout.toString()
    return [...text.matchAll(/fsync\(\d+<([^>]*)>\)\s+= 0/g)].map(([, name = '']) => name.slice(folder.length))
  }

  test('are durable once they are made, and when they were made by another process', () => {
    expect(synced(join(folder, 'a/b/c'))).toEqual(['/a/b', '/a', ''])
    expect(synced(join(folder, 'a/b/c'))).toEqual(['/a/b'])
  })
})
