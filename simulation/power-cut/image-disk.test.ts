import { afterEach, beforeEach, describe, expect } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { whyNoMounts } from '../disk-full/private-mount.ts'
import { testUnless } from '../rig/test-unless.testing.ts'
import { createImageDisk, type ImageDisk } from './image-disk.ts'

const why = whyNoMounts()
const testOnMount = testUnless(why)
const testLimit = 180_000

/** Without these a rig that loses nothing would prove nothing. */
describe('a power cut', () => {
  let disk: ImageDisk
  beforeEach(async () => {
    if (why === undefined) disk = await createImageDisk()
  })
  afterEach(async () => {
    if (why === undefined) await disk.end()
  })

  const cut = async (script: string): Promise<void> => {
    await disk.run(script)
    await disk.copy()
    await disk.replace()
  }
  const content = (name: string): string | undefined => {
    const path = join(disk.fromHere, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  testOnMount(
    'takes what was not synced',
    async () => {
      await cut('echo written >"$1/new"; mv "$1/new" "$1/renamed"; head -c 8000000 /dev/zero >"$1/large"')
      expect(content('renamed')).toBeUndefined()
      expect(content('large')).toBeUndefined()
    },
    testLimit,
  )

  testOnMount(
    'leaves what was synced, with its name',
    async () => {
      await cut('echo written >"$1/new"; sync "$1/new"; mv "$1/new" "$1/renamed"; sync "$1"')
      expect(content('renamed')).toBe('written\n')
      expect(content('new')).toBeUndefined()
    },
    testLimit,
  )

  testOnMount(
    'leaves an empty file of one that was renamed before its bytes were synced',
    async () => {
      await cut('echo written >"$1/new"; mv "$1/new" "$1/renamed"; echo other >"$1/other"; sync "$1/other"')
      expect(content('renamed')).toBe('')
      expect(content('other')).toBe('other\n')
    },
    testLimit,
  )

  testOnMount(
    'takes only what came after the copy',
    async () => {
      await disk.run('echo before >"$1/file"; sync "$1/file" "$1"')
      await disk.copy()
      await disk.run('echo after >"$1/file"; sync "$1/file" "$1"')
      await disk.replace()
      expect(content('file')).toBe('before\n')
    },
    testLimit,
  )
})
