import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { Recorder } from './recorder.ts'

/** An acknowledged change waits so long at most, beside the time it takes to write a segment. */
const pause = 1_000
const reportPause = 60_000

export interface RecordingDeps {
  readonly clock: Clock
  readonly logger: Logger
}

/** Held by one process of a directory. */
interface Lead {
  close(): void
}

/** Ms between two looks whether the other process has ended. */
const turnPause = 1_000
const failedTurnPause = 60_000

/**
 * The same for a process that is not alone in its directory. The segments are written by one of them: where another one writes them, this
 * one waits for its end and goes on from there, and the log says so.
 * @param lead nothing while another process has it
 */
export function keepRecordingInTurn(recorder: Recorder, lead: () => Lead | undefined, { clock, logger }: RecordingDeps): () => Promise<void> {
  const stop = new AbortController()
  const first = lead()
  const run = async (): Promise<void> => {
    const held = first ?? (await turn(lead, { clock, logger }, stop.signal))
    if (held === undefined) return
    const end = keepRecording(recorder, { clock, logger })
    await aborted(stop.signal)
    await end()
    held.close()
  }
  const running = run()
  return async () => {
    stop.abort()
    await running
  }
}

async function turn(lead: () => Lead | undefined, { clock, logger }: RecordingDeps, stopped: AbortSignal): Promise<Lead | undefined> {
  logger.info('another process writes the recovery segments of this data directory; this one stands by until that has ended')
  let pause = turnPause
  for (;;) {
    await clock.sleep(pause, stopped).catch(() => undefined)
    try {
      const held = lead()
      if (held !== undefined) {
        logger.info('the other process has ended: this one writes the recovery segments from now on')
        return held
      }
      pause = turnPause
    } catch (error) {
      logger.error('whether another process writes the recovery segments can not be seen; it is tried again in a minute', { error })
      pause = failedTurnPause
    }
    // Looked at once more at the end: where the other one ended just before, what changed since would be in no segment.
    if (stopped.aborted) return undefined
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

/**
 * Runs the recorder until the returned function is called. That waits for the step under way and takes a last one, so that
 * after an orderly stop nothing is missing in the segments.
 */
export function keepRecording(recorder: Recorder, { clock, logger }: RecordingDeps): () => Promise<void> {
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
