export interface LruOptions<V> {
  /** Total weight the cache may hold. */
  readonly capacity: number
  /** Weight of a value, 1 when left out. What weighs less than 1 counts as 1, so that the number of entries is bounded too. */
  weigh?(value: V): number
}

/** A bounded map that forgets what was not used for longest. Every call takes constant time (amortised for `set`). */
export interface Lru<K, V> {
  /** The value, which becomes the one used last. */
  get(key: K): V | undefined
  /** Keeps the value as the one used last. One heavier than the whole capacity is not kept, and the key's old value goes. */
  set(key: K, value: V): void
  /** Whether there was something to delete. */
  delete(key: K): boolean
  clear(): void
  /** Number of entries. */
  readonly size: number
}

interface Entry<V> {
  readonly value: V
  readonly weight: number
}

/**
 * A Map walks its keys in the order they were inserted, so taking an entry out and putting it back makes it the newest. Where many want one
 * thing, it is that already.
 */
export function createLru<K, V>(options: LruOptions<V>): Lru<K, V> {
  const entries = new Map<K, Entry<V>>()
  let [total, newest]: [number, K | undefined] = [0, undefined]

  function remove(key: K): boolean {
    const entry = entries.get(key)
    if (entry === undefined) return false
    total -= entry.weight
    return entries.delete(key)
  }

  return Object.freeze({
    get(key: K): V | undefined {
      const entry = entries.get(key)
      if (entry === undefined || key === newest) return entry?.value
      entries.delete(key)
      entries.set(key, entry)
      newest = key
      return entry.value
    },
    set(key: K, value: V): void {
      const weight = Math.max(1, options.weigh?.(value) ?? 1)
      remove(key)
      if (!(weight <= options.capacity)) return
      entries.set(key, { value, weight })
      newest = key
      total += weight
      for (const oldest of entries.keys()) {
        if (total <= options.capacity) return
        remove(oldest)
      }
    },
    delete: remove,
    clear(): void {
      entries.clear()
      total = 0
    },
    get size(): number {
      return entries.size
    },
  })
}
