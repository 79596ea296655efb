import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StorageError } from '../blob-store.ts'
import { storageFailure } from '../storage-failure.ts'

/** A folder of plain files, such as those of a backup beside its objects. Fails with StorageError. */
export interface Archive {
  /** Names of files and folders directly in it, in order; none when there is no such folder. */
  names(): readonly string[]
  /** The bytes of a file; absent when there is none. */
  read(name: string): ReadableStream<Uint8Array> | undefined
  /** Begins a new file, in a folder that is made when absent. */
  create(name: string): ArchiveFile
  /** Puts a small file in its place, whole or not at all, whatever happens meanwhile; durable when this returns. */
  replace(name: string, bytes: Uint8Array): void
  /** Removes a file, or a folder with all that is in it. What is not there is as good as removed. */
  remove(name: string): void
}

/** A file that is written from its beginning to its end. */
export interface ArchiveFile {
  write(bytes: Uint8Array): void
  /** Makes it durable, its name included. */
  finish(): void
  /** Ends it without that; harmless after `finish`. */
  close(): void
}

const nameOf = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?$/

export function createArchive(root: string): Archive {
  const pathOf = (name: string): string => {
    if (!nameOf.test(name)) throw new StorageError('failed', `not the name of a file of an archive: ${JSON.stringify(name)}`)
    return join(root, name)
  }
  return Object.freeze<Archive>({
    names: () => attempt('cannot list the folder', () => (existsSync(root) ? readdirSync(root).sort() : [])),
    read: (name) => {
      const path = pathOf(name)
      return existsSync(path) ? Bun.file(path).stream() : undefined
    },
    create: (name) => attempt(`cannot make ${name}`, () => create(root, pathOf(name))),
    replace: (name, bytes) =>
      attempt(`cannot write ${name}`, () => {
        const file = create(root, pathOf(`${name}.new`), 'w')
        try {
          file.write(bytes)
          file.finish()
        } finally {
          file.close()
        }
        renameSync(pathOf(`${name}.new`), pathOf(name))
        syncFolder(root)
      }),
    remove: (name) =>
      attempt(`cannot remove ${name}`, () => {
        rmSync(pathOf(name), { recursive: true, force: true })
        if (existsSync(root)) syncFolder(root)
      }),
  })
}

function create(root: string, path: string, flags = 'wx'): ArchiveFile {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  let descriptor: number | undefined = openSync(path, flags, 0o640)
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  return {
    write: (bytes) =>
      attempt(`cannot write ${path}`, () => {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor as number, bytes, done)
      }),
    finish: () =>
      attempt(`cannot make ${path} durable`, () => {
        fsyncSync(descriptor as number)
        close()
        syncFolder(folder)
        if (folder !== root) syncFolder(root)
      }),
    close,
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function attempt<T>(action: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storageFailure(error, action)
  }
}
