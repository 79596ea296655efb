import { errno } from '../storage-failure.ts'

/**
 * A sync that failed. The kernel reports it once and may then hold the lost pages for clean, so that a second sync would
 * succeed without writing them: nothing that was to be synced may be trusted, and no sync is ever tried again.
 */
export class SyncFailure extends Error {
  readonly code: unknown

  constructor(cause: unknown) {
    super('sync failed', { cause })
    this.name = 'SyncFailure'
    this.code = errno(cause)
  }
}

/** Runs one sync; its error leaves as a SyncFailure. */
export async function synced(sync: () => Promise<void>): Promise<void> {
  try {
    await sync()
  } catch (error) {
    throw new SyncFailure(error)
  }
}
