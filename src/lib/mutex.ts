/** Mutual exclusion by key inside this process. */
export interface KeyedLock {
  /**
   * Runs `fn` once every earlier run under the same key has settled, and settles as it does; runs under other keys do not
   * wait for each other. Calling it for a key from inside a run of that key never returns.
   */
  run<T>(key: string, fn: () => T | Promise<T>): Promise<T>
  /** Number of keys that are running or waited for. A key at rest costs nothing. */
  readonly size: number
}

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>()

  async function run<T>(key: string, fn: () => T | Promise<T>): Promise<T> {
    const before = tails.get(key)
    const { promise: tail, resolve: release } = Promise.withResolvers<void>()
    tails.set(key, tail)
    try {
      await before
      return await fn()
    } finally {
      if (tails.get(key) === tail) tails.delete(key)
      release()
    }
  }

  return Object.freeze({
    run,
    get size(): number {
      return tails.size
    },
  })
}
