/**
 * The few calls the filesystem driver makes, so that tests and the simulation can put a failing or forgetting file system in
 * place of the real one. Paths are absolute. Errors are those of the system: `code` is `ENOENT`, `ENOSPC` and so on.
 */
export interface FileSystem {
  /** `create` is for writing and fails with EEXIST when there is such a file; `write` and `read` fail with ENOENT when not. */
  open(path: string, mode: 'create' | 'write' | 'read'): Promise<OpenFile>
  /** Makes one directory. Fails with EEXIST when it is there. */
  mkdir(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  stat(path: string): Promise<{ readonly size: number }>
  /** What is in a directory. What goes while it is being read is left out. Fails with ENOENT when there is no such directory. */
  list(path: string): Promise<readonly DirectoryEntry[]>
  /** Makes the content of the existing file `to` that of `from`, sharing blocks where the file system can. */
  copy(from: string, to: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  /** The content of a file, read when it is asked for. `name` is the file name a client may be shown. */
  blob(path: string, name: string): Blob
}

export interface DirectoryEntry {
  readonly name: string
  /** Whether it is a plain file: no directory, link or device. */
  readonly isFile: boolean
  readonly size: number
  /** When its content last changed, in ms since the epoch. */
  readonly modified: number
}

/** An open file. Offsets are absolute; there is no position. */
export interface OpenFile {
  /** Returns how many of the bytes were written, which may be fewer than given. */
  write(bytes: Uint8Array, offset: number): Promise<number>
  /** Fills `into` from its start. Returns how many bytes were read, 0 at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>
  size(): Promise<number>
  truncate(size: number): Promise<void>
  /** Makes content and size durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Uses an open file and closes it whatever happens. */
export async function withFile<T>(file: OpenFile, work: (file: OpenFile) => Promise<T>): Promise<T> {
  let result: T
  try {
    result = await work(file)
  } catch (error) {
    // The first failure is the one to tell; a failing close is mostly its echo.
    await file.close().catch(() => undefined)
    throw error
  }
  await file.close()
  return result
}
