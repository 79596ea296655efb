import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'

/** Room on the disk that is kept for what frees room. A file beside the database, whose bytes mean nothing. */
export interface Reserve {
  /**
   * Takes what it lacks, as far as there is room. Answers whether it is whole: then the disk is not full. `databaseLength`: bytes
   * of the database once its log is written back.
   */
  keep(databaseLength: number): boolean
  /** Gives part of it back to the disk. Answers false when there is none left to give. */
  give(): boolean
  close(): void
}

/** For writers beside the one that keeps it, and for tests. */
export const noReserve: Reserve = Object.freeze({ keep: () => true, give: () => false, close: () => undefined })

const mebibyte = 1024 * 1024
const slice = 4 * mebibyte
/** What the log may add to the database between checkpoints (`wal_autocheckpoint`), and `least`. */
const most = 40 * mebibyte
/** For the log of commits on a full disk, and for what deletes add to the database. */
const least = 2 * slice

/**
 * With what the database grows by when its log is written back there is always a way to a log that can be written from its
 * beginning, within the room it already has.
 */
function wanted(growth: number): number {
  return Math.min(most, least + Math.ceil(Math.max(0, growth) / slice) * slice)
}

export function createReserve(databasePath: string): Reserve {
  const path = `${databasePath}-reserve`
  // Bytes that a file system can neither leave out nor compress.
  const filling = randomFillSync(new Uint8Array(mebibyte))
  let file: number | undefined
  let size = 0

  function open(): number {
    if (file !== undefined) return file
    file = openSync(path, 'a+', 0o600)
    const { size: found, blocks } = fstatSync(file)
    // A copy may have left it sparse.
    if (blocks * 512 < found) ftruncateSync(file, 0)
    else size = found
    return file
  }

  function keep(databaseLength: number): boolean {
    const whole = wanted(databaseLength - statSync(databasePath).size)
    if (file !== undefined && size >= whole) return true
    return unlessFull(() => {
      const opened = open()
      while (size < whole) size += writeSync(opened, filling, 0, Math.min(filling.length, whole - size))
    })
  }

  function give(): boolean {
    if (file === undefined || size === 0) return false
    const opened = file
    const rest = Math.max(0, size - slice)
    // Synced, since a journaling file system hands out freed blocks only once it has written down that they are free.
    return unlessFull(() => {
      ftruncateSync(opened, rest)
      size = rest
      fsyncSync(opened)
    })
  }

  return Object.freeze<Reserve>({
    keep,
    give,
    close: () => {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  })
}

/** Answers false when the file system takes no more. */
function unlessFull(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EROFS'].includes(String(error.code))) return false
    throw error
  }
}
