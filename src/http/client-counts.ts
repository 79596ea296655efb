import { networkOf } from '../lib/index.ts'

/** Counts what each client has under way. */
export interface ClientCounts {
  /** One more for this address, or false where it has as many as it may. */
  enter(address: string): boolean
  /** One less, after an `enter` that answered true. */
  leave(address: string): void
}

/** @param most of one client */
export function createClientCounts(most: number): ClientCounts {
  const counts = new Map<string, number>()
  return Object.freeze({
    enter(address: string): boolean {
      const key = networkOf(address)
      const count = counts.get(key) ?? 0
      if (count >= most) return false
      counts.set(key, count + 1)
      return true
    },
    leave(address: string): void {
      const key = networkOf(address)
      const count = counts.get(key) ?? 0
      if (count > 1) counts.set(key, count - 1)
      else counts.delete(key)
    },
  })
}
