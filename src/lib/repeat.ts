import type { Clock } from './clock.ts'

export interface Repetition {
  readonly clock: Clock
  /**
   * Answers how many ms later to come again; 0 is at once.
   * @param stopped a step of several parts looks at it between them
   */
  readonly step: (stopped: AbortSignal) => Promise<number>
  /** Called with what a step threw; answers as a step does. */
  readonly failed: (error: unknown) => number
}

/** Takes a step again and again until the returned function is called, which waits for the step under way. */
export function repeat({ clock, step, failed }: Repetition): () => Promise<void> {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const pause = await step(stop.signal).catch(failed)
      if (pause > 0) await clock.sleep(pause, stop.signal).catch(() => undefined)
    }
  }
  const running = run()
  return async () => {
    stop.abort()
    await running
  }
}
