import { dirname } from 'node:path'
import { StorageError } from '../blob-store.ts'
import { errno } from '../storage-failure.ts'
import type { Directories } from './directories.ts'
import { type FileSystem, type OpenFile, withFile } from './file-system.ts'
import { SyncFailure, synced } from './sync-failure.ts'

/** The file `from` is to become `to`, with exactly `size` bytes. */
export interface FileCommit {
  readonly from: string
  readonly to: string
  readonly size: number
}

/**
 * Makes a file durable under its final name. The order is what a power cut asks for: the content before the name that
 * promises it, then the directory that gains the name, then the one that loses it.
 *
 *     truncate, sync file, [make directory, sync its parent], rename, sync target directory, sync source directory
 *
 * `drop` is called to remove both names after a failed sync.
 */
export async function commitFile(
  fs: FileSystem,
  directories: Directories,
  commit: FileCommit,
  drop: (failure: SyncFailure) => Promise<void>,
): Promise<void> {
  const file = await openIfPresent(fs, commit.from)
  if (file === undefined) {
    await confirm(fs, directories, commit)
    return
  }
  try {
    await withFile(file, () => syncContent(file, commit.size))
    await directories.within(dirname(commit.to), () => fs.rename(commit.from, commit.to))
    await syncNames(fs, commit)
  } catch (error) {
    if (error instanceof SyncFailure) await drop(error)
    throw error
  }
}

/**
 * Renamed by an earlier commit, which may have been killed before it synced the directories. The file must stay whatever
 * happens here: the earlier commit may have been acknowledged.
 */
async function confirm(fs: FileSystem, directories: Directories, commit: FileCommit): Promise<void> {
  const size = await sizeIfPresent(fs, commit.to)
  if (size !== commit.size) {
    throw new StorageError('missing', `nothing is unfinished, and ${size ?? 'no'} bytes are finished, not ${commit.size}`)
  }
  await directories.within(dirname(commit.to), () => syncNames(fs, commit))
}

async function syncContent(file: OpenFile, size: number): Promise<void> {
  const present = await file.size()
  if (present < size) throw new StorageError('missing', `there are ${present} bytes, not ${size}`)
  if (present > size) await file.truncate(size)
  await synced(() => file.sync())
}

async function syncNames(fs: FileSystem, commit: FileCommit): Promise<void> {
  await synced(() => fs.syncDirectory(dirname(commit.to)))
  await synced(() => fs.syncDirectory(dirname(commit.from)))
}

async function openIfPresent(fs: FileSystem, path: string): Promise<OpenFile | undefined> {
  try {
    return await fs.open(path, 'write')
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
}

/** The size of a file, or undefined when there is none. */
export async function sizeIfPresent(fs: FileSystem, path: string): Promise<number | undefined> {
  try {
    const { size } = await fs.stat(path)
    return size
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
}
