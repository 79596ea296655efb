import { link, lstat, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from './make-directory.ts'

/** A small file that only the user may read whom the server runs as. */
export interface PrivateFile {
  readonly path: string
  /** Absent when there is none. */
  read(): Promise<string | undefined>
  /**
   * Writes the text, whole and durable or not at all, unless a text of this form is there already. Answers the text that is there then: of
   * several who do so at once all get the same.
   */
  keep(text: string, form: RegExp): Promise<string>
  /** Nothing where there is none. */
  remove(): Promise<void>
}

export function createPrivateFile(path: string): PrivateFile {
  return Object.freeze<PrivateFile>({
    path,
    read: async () => await unlessAbsent(readFile(path, 'utf8')),
    keep: async (text, form) => {
      // Made anew, in a folder of its own: one that is there could be readable for others, lead elsewhere, or be another process's.
      const folder = await mkdtemp(`${path}.`)
      try {
        const own = join(folder, 'text')
        await writeDurably(own, text)
        const kept = await linkUnlessKept(own, path, form)
        syncDirectory(dirname(path))
        return kept ?? text
      } finally {
        await rm(folder, { recursive: true })
      }
    },
    remove: async () => {
      await rm(path, { force: true })
    },
  })
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Answers what is there and stays; nothing where the file has come there. */
async function linkUnlessKept(file: string, path: string, form: RegExp): Promise<string | undefined> {
  try {
    await link(file, path)
    return undefined
  } catch (error) {
    const kept = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await readOwn(path, (await lstat(file)).uid) : undefined
    if (kept !== undefined && form.test(kept)) return kept
    // Not for its user alone, or nothing of ours; or a file system without links.
    await rename(file, path)
    return undefined
  }
}

/** The text of a file that nobody but this user may read or could have put there. */
async function readOwn(path: string, user: number): Promise<string | undefined> {
  const found = await unlessAbsent(lstat(path))
  const isOwn = found?.isFile() === true && found.uid === user && (found.mode & 0o077) === 0
  return isOwn ? await unlessAbsent(readFile(path, 'utf8')) : undefined
}

async function unlessAbsent<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
