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

export function createLru<K, V>(options: LruOptions<V>): Lru<K, V> {
  return Object.freeze(new MapInOrder<K, V>(options))
}

/**
 * A Map walks its keys in the order they were inserted, so taking an entry out and putting it back makes it the newest. Where many want one
 * thing, it is that already: then nothing is moved, nor the key looked up, which for a long text costs as much as to read it.
 */
class MapInOrder<K, V> implements Lru<K, V> {
  readonly #options: LruOptions<V>
  readonly #entries = new Map<K, Entry<V>>()
  #total = 0
  #newestKey: K | undefined
  #newest: Entry<V> | undefined

  constructor(options: LruOptions<V>) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    if (this.#newest !== undefined && key === this.#newestKey) return this.#newest.value
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#put(key, entry)
    return entry.value
  }

  set(key: K, value: V): void {
    const { capacity } = this.#options
    const weight = Math.max(1, this.#options.weigh?.(value) ?? 1)
    this.delete(key)
    if (!(weight <= capacity)) return
    this.#put(key, { value, weight })
    this.#total += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#total <= capacity) return
      this.delete(oldest)
    }
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    if (entry === this.#newest) this.#newest = this.#newestKey = undefined
    this.#total -= entry.weight
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
    this.#newest = undefined
    this.#newestKey = undefined
    this.#total = 0
  }

  #put(key: K, entry: Entry<V>): void {
    this.#entries.set(key, entry)
    this.#newestKey = key
    this.#newest = entry
  }
}
