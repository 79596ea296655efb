import { close, constants, fstat, fsync, ftruncate, open, read, statSync, write } from 'node:fs'
import { copyFile, lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errno } from '../storage-failure.ts'
import { type DirectoryEntry, type FileSystem, type OpenFile, withFile } from './file-system.ts'

/** Images are private: the server's user writes, its group may read (backups), others see nothing. */
const fileMode = 0o640
const directoryMode = 0o750

const flags = { create: 'wx', write: 'r+', read: 'r' } as const

// Plain descriptors, not FileHandles: Bun throws an error nobody can catch when a FileHandle is collected unclosed, and one
// stream that a caller forgot must not end the server.
const openDescriptor = promisify(open)
const descriptor = {
  read: promisify(read),
  write: promisify(write),
  stat: promisify(fstat),
  truncate: promisify(ftruncate),
  sync: promisify(fsync),
  close: promisify(close),
}

/** The file system of this machine. */
export const systemFileSystem: FileSystem = Object.freeze({
  open: openFile,
  mkdir: async (path: string) => {
    await mkdir(path, directoryMode)
  },
  rename,
  unlink,
  // On this thread: each read of a blob asks, and the way through the pool of threads costs more than all else about a small
  // one. Bun opens large files that it sends on this thread too.
  stat: async (path: string) => {
    const { size } = statSync(path)
    return { size }
  },
  list: listDirectory,
  copy: (from: string, to: string) => copyFile(from, to, constants.COPYFILE_FICLONE),
  syncDirectory: async (path: string) => {
    await withFile(await openFile(path, 'read'), (directory) => directory.sync())
  },
  // Bun sends the file's path as its name unless it was given one; the type stops it from guessing by the extension.
  blob: (path: string, name: string) => Object.assign(Bun.file(path, { type: 'application/octet-stream' }), { name }),
})

/** Files looked at at the same time: the directory may be on a slow disk, and have ten thousands of them. */
const looksAtOnce = 32

async function listDirectory(path: string): Promise<DirectoryEntry[]> {
  const names = await readdir(path)
  const entries: DirectoryEntry[] = []
  for (let from = 0; from < names.length; from += looksAtOnce) {
    const looked = await Promise.all(names.slice(from, from + looksAtOnce).map((name) => lookAt(path, name)))
    for (const entry of looked) if (entry !== undefined) entries.push(entry)
  }
  return entries
}

async function lookAt(directory: string, name: string): Promise<DirectoryEntry | undefined> {
  try {
    const found = await lstat(join(directory, name))
    return { name, isFile: found.isFile(), size: found.size, modified: found.mtimeMs }
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
}

async function openFile(path: string, mode: keyof typeof flags): Promise<OpenFile> {
  const fd = await openDescriptor(path, flags[mode], fileMode)
  return Object.freeze({
    write: async (bytes: Uint8Array, offset: number) => {
      const { bytesWritten } = await descriptor.write(fd, bytes, 0, bytes.length, offset)
      return bytesWritten
    },
    read: async (into: Uint8Array, offset: number) => {
      const { bytesRead } = await descriptor.read(fd, into, 0, into.length, offset)
      return bytesRead
    },
    size: async () => {
      const { size } = await descriptor.stat(fd)
      return size
    },
    truncate: (size: number) => descriptor.truncate(fd, size),
    sync: () => descriptor.sync(fd),
    close: () => descriptor.close(fd),
  })
}
