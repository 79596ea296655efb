/** At hand, or promised. */
export type Soon<T> = T | Promise<T>

/**
 * Goes on with a value, now if it is at hand. `await` would do the same, for a promise and a turn of the queue each time: along the
 * path of a read that finds everything in memory they cost more than the read.
 */
export function andThen<T, U>(value: Soon<T>, use: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}
