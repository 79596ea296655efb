import type { Clock } from './clock.ts'

export interface RetryOptions {
  readonly clock: Clock
  /** How often the operation runs at most, the first time included. */
  readonly attempts: number
  /** Milliseconds to wait after failed attempt number `attempt` (1 is the first). */
  delay(attempt: number): number
  /** Whether an error may pass when the operation runs again. Anything else is thrown at once. */
  when(error: unknown): boolean
  /** Ends the waiting, and no further attempt starts; the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs an operation again when it fails with an error that may pass. `attempt` counts from 1.
 * @throws the last error as it is, or the signal's reason
 */
export async function retry<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted()
    try {
      return await operation(attempt)
    } catch (error) {
      if (attempt >= options.attempts || !options.when(error)) throw error
    }
    await options.clock.sleep(options.delay(attempt), options.signal)
  }
}
