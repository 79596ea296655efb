/** Time as the rest of the program sees it. Whatever reads a clock or waits takes one, so that tests and simulation own time. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. May jump when the machine's clock is set. */
  now(): number
  /** Milliseconds that only ever grow: for measuring and for deadlines. The zero point means nothing. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; zero or less still yields once. Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A clock that stands still until it is advanced. */
export interface ManualClock extends Clock {
  /** Moves time forward by `ms`. Sleepers that fall due wake in the order of their due times, equal ones as they came. */
  advance(ms: number): void
}

/** setTimeout fires at once for anything longer (about 24.8 days), so longer sleeps are made of several timers. */
const longestTimer = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: systemSleep,
})

function systemSleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const due = performance.now() + ms
    let timer = setTimeout(tick, Math.min(ms, longestTimer))
    signal?.addEventListener('abort', abort, { once: true })

    function tick(): void {
      const left = due - performance.now()
      if (left > 1) {
        timer = setTimeout(tick, Math.min(left, longestTimer))
        return
      }
      signal?.removeEventListener('abort', abort)
      resolve()
    }

    function abort(): void {
      clearTimeout(timer)
      reject(signal?.reason)
    }
  })
}

interface Sleeper {
  readonly due: number
  wake(): void
}

/** @param start wall time in milliseconds since the epoch, 0 when left out; `monotonic` starts at 0. */
export function createManualClock(start = 0): ManualClock {
  let elapsed = 0
  const sleepers: Sleeper[] = []

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (!(ms > 0)) return resolve()
      const sleeper = { due: elapsed + ms, wake }
      insert(sleepers, sleeper)
      signal?.addEventListener('abort', abort, { once: true })

      function wake(): void {
        signal?.removeEventListener('abort', abort)
        resolve()
      }

      function abort(): void {
        sleepers.splice(sleepers.indexOf(sleeper), 1)
        reject(signal?.reason)
      }
    })
  }

  function advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`a clock cannot be advanced by ${ms} ms`)
    const target = elapsed + ms
    for (let next = sleepers[0]; next !== undefined && next.due <= target; next = sleepers[0]) {
      sleepers.shift()
      elapsed = next.due
      next.wake()
    }
    elapsed = target
  }

  return Object.freeze({ now: () => start + elapsed, monotonic: () => elapsed, sleep, advance })
}

/** Keeps the list sorted by due time; among equals the newcomer goes last. */
function insert(sleepers: Sleeper[], sleeper: Sleeper): void {
  const later = sleepers.findIndex((other) => other.due > sleeper.due)
  sleepers.splice(later === -1 ? sleepers.length : later, 0, sleeper)
}
