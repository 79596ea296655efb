/** Lets some do at once what is expensive, some wait, and turns the others away. */
export interface Turns {
  /** Settles when it is the turn of the caller, who gives it back by calling what it gets. Absent when too many wait. */
  take(from: string): Promise<() => void> | undefined
}

export interface TurnsOptions {
  readonly atOnce: number
  readonly waiting: number
  /** So many of those that wait may be from one. */
  readonly waitingFromOne: number
}

export function createTurns({ atOnce, waiting, waitingFromOne }: TurnsOptions): Turns {
  const queue: { readonly from: string; readonly start: () => void }[] = []
  const waitingFrom = new Map<string, number>()
  let running = 0

  function release(): void {
    const next = queue.shift()
    if (next === undefined) {
      running--
      return
    }
    count(next.from, -1)
    next.start()
  }

  function count(from: string, by: number): void {
    const left = (waitingFrom.get(from) ?? 0) + by
    if (left === 0) waitingFrom.delete(from)
    else waitingFrom.set(from, left)
  }

  /** Giving it back twice would let one more run each time. */
  function once(): () => void {
    let held = true
    return () => {
      if (held) release()
      held = false
    }
  }

  return Object.freeze<Turns>({
    take: (from) => {
      if (running < atOnce) {
        running++
        return Promise.resolve(once())
      }
      if (queue.length >= waiting || (waitingFrom.get(from) ?? 0) >= waitingFromOne) return undefined
      count(from, 1)
      return new Promise((resolve) => queue.push({ from, start: () => resolve(once()) }))
    },
  })
}
