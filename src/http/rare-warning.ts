import type { Clock } from '../lib/index.ts'
import type { LogFields, Logger } from '../observe/index.ts'

/** Ms between two lines: under a flood the log must not be the next one. */
const quiet = 10_000

/**
 * For a message that a flood would repeat: it is logged now and then, with how often it was due since. `fields` is told that number.
 * Answers how often it was due since the last line.
 */
export function createRareWarning(message: string, { logger, clock }: { readonly logger: Logger; readonly clock: Clock }) {
  let unlogged = 0
  let lastLogged = -quiet
  return (fields: (times: number) => LogFields): number => {
    unlogged++
    if (clock.monotonic() - lastLogged >= quiet) {
      logger.warn(message, fields(unlogged))
      lastLogged = clock.monotonic()
      unlogged = 0
    }
    return unlogged
  }
}
