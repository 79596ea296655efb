import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { Scrubber } from './scrubber.ts'

const retryPause = 60_000

/** Runs the scrubber until the returned function is called, which waits for the page under way. */
export function keepScrubbing(scrubber: Scrubber, { clock, logger }: { clock: Clock; logger: Logger }): () => Promise<void> {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      let pause = retryPause
      try {
        pause = await scrubber.step(stop.signal)
      } catch (error) {
        if (stop.signal.aborted) break
        logger.error('the scrubber failed; it goes on in a minute', { error })
      }
      await clock.sleep(pause, stop.signal).catch(() => undefined)
    }
    await scrubber.close().catch((error: unknown) => logger.warn('where the scrubber is could not be kept', { error }))
  }
  const running = run()
  return async () => {
    stop.abort()
    await running
  }
}
