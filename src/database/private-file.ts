import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from './make-directory.ts'

/** A small file that only the user may read whom the server runs as. */
export interface PrivateFile {
  readonly path: string
  /** Absent when there is none. */
  read(): Promise<string | undefined>
  /** Whole and durable, or not at all. */
  write(text: string): Promise<void>
  /** Nothing where there is none. */
  remove(): Promise<void>
}

export function createPrivateFile(path: string): PrivateFile {
  return Object.freeze<PrivateFile>({
    path,
    read: async () => {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    write: async (text) => {
      const next = `${path}.new`
      // Made anew: one that is there could be readable for others, or lead elsewhere.
      await rm(next, { force: true })
      const file = await open(next, 'wx', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(next, path)
      syncDirectory(dirname(path))
    },
    remove: async () => {
      await rm(path, { force: true })
    },
  })
}
