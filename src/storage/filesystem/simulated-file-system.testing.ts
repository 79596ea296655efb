import { basename, dirname } from 'node:path'
import { systemError } from './faulty-file-system.testing.ts'
import type { FileSystem, OpenFile } from './file-system.ts'

interface File {
  bytes: Uint8Array<ArrayBuffer>
  durable: Uint8Array<ArrayBuffer>
}

type Names = Map<string, File | Directory>

interface Directory {
  names: Names
  durable: Names
}

/**
 * What a power cut leaves of names that were not synced. Content that was not synced is always lost.
 * `synced`: the names as each directory was last synced. `all`: the names as they were last, as when the journal got through.
 */
export type Survivors = 'synced' | 'all'

export interface SimulatedFileSystem {
  readonly fs: FileSystem
  /** Ends the power: only what was synced, and what `survivors` adds, is still there. */
  powerCut(survivors: Survivors): void
  /** Every file there is now by its path, with its size. */
  files(): ReadonlyMap<string, number>
}

/** A disk that loses everything it was not told to keep, as POSIX allows. A test aid; `/` is its only directory at first. */
export function createSimulatedFileSystem(): SimulatedFileSystem {
  const root: Directory = { names: new Map(), durable: new Map() }
  const fs: FileSystem = {
    open: async (path, mode) => {
      if (mode === 'create') add(root, path, { bytes: new Uint8Array(0), durable: new Uint8Array(0) })
      return openedFile(findFile(root, path))
    },
    mkdir: async (path) => add(root, path, { names: new Map(), durable: new Map() }),
    rename: async (from, to) => {
      const file = findFile(root, from)
      findDirectory(root, dirname(to)).names.set(basename(to), file)
      findDirectory(root, dirname(from)).names.delete(basename(from))
    },
    unlink: async (path) => {
      findFile(root, path)
      findDirectory(root, dirname(path)).names.delete(basename(path))
    },
    stat: async (path) => ({ size: findFile(root, path).bytes.length }),
    list: async (path) =>
      [...findDirectory(root, path).names].map(([name, entry]) => ({
        name,
        isFile: 'bytes' in entry,
        size: 'bytes' in entry ? entry.bytes.length : 0,
        modified: 0,
      })),
    copy: async (from, to) => {
      findFile(root, to).bytes = findFile(root, from).bytes.slice()
    },
    syncDirectory: async (path) => {
      const directory = findDirectory(root, path)
      directory.durable = new Map(directory.names)
    },
    blob: (path) => new Blob([findFile(root, path).bytes]),
  }
  return { fs, powerCut: (survivors) => forget(root, survivors), files: () => new Map(filesBelow(root, '')) }
}

function find(root: Directory, path: string): File | Directory {
  let found: File | Directory | undefined = root
  for (const name of path.split('/').filter((part) => part !== '')) {
    found = found !== undefined && 'names' in found ? found.names.get(name) : undefined
  }
  if (found === undefined) throw systemError('ENOENT', path)
  return found
}

function findFile(root: Directory, path: string): File {
  const found = find(root, path)
  if ('names' in found) throw systemError('EISDIR', path)
  return found
}

function findDirectory(root: Directory, path: string): Directory {
  const found = find(root, path)
  if ('bytes' in found) throw systemError('ENOTDIR', path)
  return found
}

function* filesBelow(directory: Directory, path: string): Generator<[string, number]> {
  for (const [name, entry] of directory.names) {
    if ('names' in entry) yield* filesBelow(entry, `${path}/${name}`)
    else yield [`${path}/${name}`, entry.bytes.length]
  }
}

function add(root: Directory, path: string, entry: File | Directory): void {
  const { names } = findDirectory(root, dirname(path))
  if (names.has(basename(path))) throw systemError('EEXIST', path)
  names.set(basename(path), entry)
}

function openedFile(file: File): OpenFile {
  const resize = (size: number): void => {
    const bytes = new Uint8Array(size)
    bytes.set(file.bytes.subarray(0, size))
    file.bytes = bytes
  }
  return {
    write: async (bytes, offset) => {
      if (offset + bytes.length > file.bytes.length) resize(offset + bytes.length)
      file.bytes.set(bytes, offset)
      return bytes.length
    },
    read: async (into, offset) => {
      const part = file.bytes.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
    size: async () => file.bytes.length,
    truncate: async (size) => resize(size),
    sync: async () => {
      file.durable = file.bytes.slice()
    },
    close: async () => undefined,
  }
}

function forget(directory: Directory, survivors: Survivors): void {
  if (survivors === 'synced') directory.names = new Map(directory.durable)
  directory.durable = new Map(directory.names)
  for (const entry of directory.names.values()) {
    if ('names' in entry) forget(entry, survivors)
    else entry.bytes = entry.durable.slice()
  }
}
