import type { Clock } from '../lib/index.ts'

/** Bytes: hashing them takes about a millisecond. */
const atOnce = 2 * 1024 * 1024

/**
 * For loops over a whole object, told the size of each piece. Pieces of a file come faster than the event loop gets to look at its sockets:
 * without a pause, a blob of 10 GiB that is read to be hashed keeps every other request waiting until its end.
 */
export function takeTurns(clock: Clock): (bytes: number) => Promise<void> {
  let since = 0
  return async (bytes) => {
    since += bytes
    if (since < atOnce) return
    since = 0
    await clock.sleep(0)
  }
}
