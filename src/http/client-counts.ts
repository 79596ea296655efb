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
      const key = clientKey(address)
      const count = counts.get(key) ?? 0
      if (count >= most) return false
      counts.set(key, count + 1)
      return true
    },
    leave(address: string): void {
      const key = clientKey(address)
      const count = counts.get(key) ?? 0
      if (count > 1) counts.set(key, count - 1)
      else counts.delete(key)
    },
  })
}

/**
 * Who counts as one client. Whoever has one IPv6 address has the 2^64 of its network (RFC 4291, section 2.5.1), and could come
 * from another one each time.
 */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address
  const mapped = address.lastIndexOf(':') + 1
  if (address.includes('.', mapped)) return address.slice(mapped)
  const [front = '', back] = address.split('::')
  const groups = front === '' ? [] : front.split(':')
  if (back !== undefined) {
    const behind = back === '' ? 0 : back.split(':').length
    while (groups.length < 8 - behind) groups.push('0')
  }
  return groups.slice(0, 4).join(':')
}
