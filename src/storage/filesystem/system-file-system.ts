import { close, constants, fstat, fsync, ftruncate, open, read, write } from 'node:fs'
import { copyFile, mkdir, rename, stat, unlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type FileSystem, type OpenFile, withFile } from './file-system.ts'

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
  stat: async (path: string) => {
    const { size } = await stat(path)
    return { size }
  },
  copy: (from: string, to: string) => copyFile(from, to, constants.COPYFILE_FICLONE),
  syncDirectory: async (path: string) => {
    await withFile(await openFile(path, 'read'), (directory) => directory.sync())
  },
  // Bun sends the file's path as its name unless it was given one; the type stops it from guessing by the extension.
  blob: (path: string, name: string) => Object.assign(Bun.file(path, { type: 'application/octet-stream' }), { name }),
})

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
