import { type Clock, systemClock } from '../lib/index.ts'
import type { LogDestination } from './log-destination.ts'

/** How long a line waits here at most, in milliseconds; it waits again where it is written. */
const relayEvery = 100
/** This many characters are handed on together. */
const portion = 32 * 1024

/**
 * Hands whole lines on in portions, to the one thread that writes the log: a line of one thread never breaks into that of
 * another, and what nobody takes is dropped in one place.
 */
export function createRelayedDestination(send: (lines: string) => void, clock: Clock = systemClock): LogDestination {
  let collected = ''
  let timed = false
  const flush = (): void => {
    if (collected === '') return
    send(collected)
    collected = ''
  }
  const flushSoon = async (): Promise<void> => {
    timed = true
    await clock.sleep(relayEvery)
    timed = false
    flush()
  }
  return Object.freeze<LogDestination>({
    write: (line) => {
      collected += line
      if (collected.length >= portion) flush()
      else if (!timed) void flushSoon()
    },
    close: () => Promise.resolve(flush()),
  })
}
