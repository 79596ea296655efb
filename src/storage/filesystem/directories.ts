import { dirname } from 'node:path'
import { errno } from '../storage-failure.ts'
import type { FileSystem } from './file-system.ts'
import { synced } from './sync-failure.ts'

/** Makes the store's directories as they are needed. */
export interface Directories {
  /**
   * Runs `work` when `directory` exists and its name is durable, all the way up to the root. The root itself is made, its
   * parent is not: a mistyped path must not become an empty registry.
   */
  within<T>(directory: string, work: () => Promise<T>): Promise<T>
}

export function createDirectories(fs: FileSystem, root: string): Directories {
  // Directories this process has synced itself: finding one is not enough, since whoever made it may have been killed, or be
  // another commit under way, before its name was durable.
  const durable = new Set<string>()

  async function ensure(directory: string): Promise<void> {
    if (durable.has(directory)) return
    if (directory !== root) await ensure(dirname(directory))
    const made = await makeIfAbsent(fs, directory)
    await synced(() => fs.syncDirectory(dirname(directory))).catch((error: unknown) => {
      // Above the root may be what we may not open; then it was somebody else who made the root.
      if (made || directory !== root || !isForbidden(error)) throw error
    })
    durable.add(directory)
  }

  return Object.freeze({
    async within<T>(directory: string, work: () => Promise<T>): Promise<T> {
      await ensure(directory)
      try {
        return await work()
      } catch (error) {
        // Someone may have removed empty directories: look again next time.
        if (errno(error) === 'ENOENT') durable.clear()
        throw error
      }
    },
  })
}

function isForbidden(error: unknown): boolean {
  return errno(error) === 'EACCES' || errno(error) === 'EPERM'
}

async function makeIfAbsent(fs: FileSystem, directory: string): Promise<boolean> {
  try {
    await fs.mkdir(directory)
    return true
  } catch (error) {
    if (errno(error) === 'EEXIST') return false
    throw error
  }
}
