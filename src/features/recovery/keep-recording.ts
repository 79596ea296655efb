import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { Recorder } from './recorder.ts'

/** An acknowledged change waits so long at most, beside the time it takes to write a segment. */
const pause = 1_000
const reportPause = 60_000

/**
 * Runs the recorder until the returned function is called. That waits for the step under way and takes a last one, so that
 * after an orderly stop nothing is missing in the segments.
 */
export function keepRecording(recorder: Recorder, { clock, logger }: { clock: Clock; logger: Logger }): () => Promise<void> {
  const stop = new AbortController()
  let reportedAt = -Infinity

  const step = async (): Promise<'done' | 'more'> => {
    try {
      return await recorder.record()
    } catch (error) {
      if (clock.monotonic() - reportedAt >= reportPause) {
        reportedAt = clock.monotonic()
        logger.error('recovery segments can not be written; it is tried again every second', { error, lag: recorder.lag() })
      }
      return 'done'
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const left = await step()
      await clock.sleep(left === 'more' ? 0 : pause, stop.signal).catch(() => undefined)
    }
  }
  const running = run()
  return async () => {
    stop.abort()
    await running
    await step()
  }
}
