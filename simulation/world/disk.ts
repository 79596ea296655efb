import type { FileSystem, OpenFile } from '../../src/storage/index.ts'
import { systemError } from '../../src/storage/filesystem/faulty-file-system.testing.ts'
import type { Faults } from './faults.ts'
import type { Happenings } from './happening.ts'
import type { Life, Scheduler } from './scheduler.ts'

export interface DiskSeam {
  readonly scheduler: Scheduler
  readonly life: Life
  readonly faults: Faults
  readonly happenings: Happenings
}

/** Calls that need room. */
const growing = new Set(['create', 'mkdir', 'write', 'copy'])

/** The files as one process sees them: every call waits for its turn, and may fail. */
export function createDiskSeam(inner: FileSystem, { scheduler, life, faults, happenings }: DiskSeam): FileSystem {
  async function call<T>(op: string, path: string, work: () => Promise<T>): Promise<T> {
    await scheduler.turn(life, `${op} ${path}`)
    const tell = (failed: boolean) =>
      happenings.tell({ kind: 'file', process: life.name, step: scheduler.steps, op, path, failed })
    try {
      const fault = faultOf(faults, op)
      if (fault !== undefined) throw systemError(fault, op)
      const result = await work()
      tell(false)
      return result
    } catch (error) {
      tell(true)
      throw error
    }
  }

  const some = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, faults.random.between(1, bytes.length))
  const opened = (path: string, file: OpenFile): OpenFile => ({
    write: (bytes, offset) =>
      call('write', path, () => file.write(bytes.length > 0 && faults.strikes('shortWrite') ? some(bytes) : bytes, offset)),
    read: (into, offset) =>
      call('read', path, () => file.read(into.length > 0 && faults.strikes('shortRead') ? some(into) : into, offset)),
    size: () => call('size', path, () => file.size()),
    truncate: (size) => call('truncate', path, () => file.truncate(size)),
    sync: () => call('sync', path, () => file.sync()),
    close: () => call('close', path, () => file.close()),
  })

  return {
    open: async (path, mode) =>
      opened(path, await call(mode === 'create' ? 'create' : 'open', path, () => inner.open(path, mode))),
    mkdir: (path) => call('mkdir', path, () => inner.mkdir(path)),
    rename: (from, to) => call('rename', to, () => inner.rename(from, to)),
    unlink: (path) => call('unlink', path, () => inner.unlink(path)),
    stat: (path) => call('stat', path, () => inner.stat(path)),
    list: (path) => call('list', path, () => inner.list(path)),
    copy: (from, to) => call('copy', to, () => inner.copy(from, to)),
    syncDirectory: (path) => call('syncDirectory', path, () => inner.syncDirectory(path)),
    blob: (path) => new LazyFile(() => call('send', path, () => readAll(inner, path))),
  }
}

function faultOf(faults: Faults, op: string): string | undefined {
  if (op !== 'close' && faults.strikes('ioError')) return 'EIO'
  return faults.full && growing.has(op) ? 'ENOSPC' : undefined
}

async function readAll(fs: FileSystem, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await fs.open(path, 'read')
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  return bytes
}

/** A file that is opened when its bytes are asked for, as Bun's are: it may be gone by then. */
class LazyFile extends Blob {
  readonly #bytes: () => Promise<Uint8Array<ArrayBuffer>>

  constructor(bytes: () => Promise<Uint8Array<ArrayBuffer>>) {
    super()
    this.#bytes = bytes
  }

  override slice(start?: number | string, end?: number | string): Blob {
    const [from, to] = [Number(start ?? 0), end === undefined ? undefined : Number(end)]
    return new LazyFile(async () => (await this.#bytes()).subarray(from, to))
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          controller.enqueue(await this.#bytes())
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
  }
}
