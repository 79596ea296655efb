import type { FileSystem, OpenFile } from './file-system.ts'

/** One call the driver made. `op` is the method's name; a method of an open file carries the path it was opened by. */
export interface Call {
  readonly op: string
  readonly path: string
}

/** What goes wrong, and when. Calls are counted from 1. */
export interface Fault {
  readonly at: number
  /** The system's error code, such as `EIO`. */
  readonly code: string
  /** The call does its work and fails all the same: the reply was lost. */
  readonly late?: boolean
  /** Every later call fails as well and does nothing: the process is gone. */
  readonly last?: boolean
}

export interface FaultyFileSystem {
  readonly fs: FileSystem
  readonly calls: readonly Call[]
  /** How many files are open now. */
  readonly open: () => number
}

/** The error of a system call. */
export function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: made up, ${what}`), { code })
}

/** Another file system, with every call written down and one of them failing. A test aid. */
export function createFaultyFileSystem(inner: FileSystem, fault?: Fault): FaultyFileSystem {
  const calls: Call[] = []
  let open = 0

  async function call<T>(op: string, path: string, work: () => Promise<T>): Promise<T> {
    const number = calls.push({ op, path })
    if (fault === undefined || number < fault.at || (number > fault.at && fault.last !== true)) return await work()
    // A descriptor is gone even when close reports a failure, and one that was never returned must not stay behind.
    if (op === 'close' || (fault.late === true && number === fault.at && op !== 'open')) await work()
    throw systemError(fault.code, op)
  }

  function watched(path: string, file: OpenFile): OpenFile {
    open++
    return {
      write: (bytes, offset) => call('write', path, () => file.write(bytes, offset)),
      read: (into, offset) => call('read', path, () => file.read(into, offset)),
      size: () => call('size', path, () => file.size()),
      truncate: (size) => call('truncate', path, () => file.truncate(size)),
      sync: () => call('sync', path, () => file.sync()),
      close: async () => {
        open--
        await call('close', path, () => file.close())
      },
    }
  }

  const fs: FileSystem = {
    open: async (path, mode) => watched(path, await call('open', path, () => inner.open(path, mode))),
    mkdir: (path) => call('mkdir', path, () => inner.mkdir(path)),
    rename: (from, to) => call('rename', to, () => inner.rename(from, to)),
    unlink: (path) => call('unlink', path, () => inner.unlink(path)),
    stat: (path) => call('stat', path, () => inner.stat(path)),
    list: (path) => call('list', path, () => inner.list(path)),
    copy: (from, to) => call('copy', to, () => inner.copy(from, to)),
    syncDirectory: (path) => call('syncDirectory', path, () => inner.syncDirectory(path)),
    blob: (path, name) => inner.blob(path, name),
  }
  return { fs, calls, open: () => open }
}
