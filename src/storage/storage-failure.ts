import { StorageError } from './blob-store.ts'

const noRoom: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** The code of a system call's error, such as `ENOENT`. */
export function errno(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** Turns what a driver met into the error the contract promises. `action` says what failed: `cannot commit object 12ab`. */
export function storageFailure(error: unknown, action: string): StorageError {
  if (error instanceof StorageError) return new StorageError(error.code, `${action}: ${error.message}`, error.cause)
  return new StorageError(noRoom.has(errno(error)) ? 'full' : 'failed', action, error)
}

/** Runs `work`; whatever it throws leaves as a StorageError. */
export async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageFailure(error, action)
  }
}
