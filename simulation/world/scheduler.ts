import type { Clock } from '../../src/lib/index.ts'
import type { Random } from '../rig/random.ts'

/** A process, or the world outside: work that ends together. */
export interface Life {
  readonly name: string
  readonly ended: boolean
}

interface Waiter {
  readonly life: Life
  readonly name: string
  readonly wake: () => void
}

interface Sleeper extends Waiter {
  readonly due: number
}

const start = 1_700_000_000_000

/** How the next turn is chosen for a while: bugs that hide from one way show up in another. */
const orders = ['any', 'newest', 'oldest'] as const

/**
 * Owns every turn. Work waits at a seam; when all that was granted a turn has come to rest at the next seam, one of the
 * waiting is chosen by the seed. Time stands still meanwhile, but for a millisecond a turn: when nobody waits, it goes on to
 * the next sleeper. So one seed makes one run.
 */
export class Scheduler {
  readonly #random: Random
  readonly #waiting: Waiter[] = []
  readonly #sleepers: Sleeper[] = []
  readonly #ended = new Set<Life>()
  readonly #hash = new Bun.CryptoHasher('sha256')
  readonly #last: string[] = []
  #order: (typeof orders)[number] = 'any'
  #now = start
  #steps = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Turns granted so far: the order of everything. */
  get steps(): number {
    return this.#steps
  }

  get now(): number {
    return this.#now
  }

  /** Simulated ms since the start. */
  get passed(): number {
    return this.#now - start
  }

  /** The last turns, the newest at the end. */
  get last(): readonly string[] {
    return this.#last.slice(-60)
  }

  begin(name: string): Life {
    const ended = this.#ended
    return {
      name,
      get ended() {
        return ended.has(this)
      },
    }
  }

  /** Everything of this life that waits is dropped, and whatever waits later never goes on: it can touch nothing any more. */
  end(life: Life): void {
    this.#ended.add(life)
    keepOnly(this.#waiting, (waiter) => waiter.life !== life)
    keepOnly(this.#sleepers, (sleeper) => sleeper.life !== life)
  }

  /** Waits until it is this one's turn. */
  turn(life: Life, name: string): Promise<void> {
    return new Promise((wake) => {
      if (!life.ended) this.#waiting.push({ life, name, wake })
    })
  }

  clock(life: Life): Clock {
    return {
      now: () => this.#now,
      monotonic: () => this.#now,
      sleep: (ms, signal) => this.sleep(life, ms, signal),
    }
  }

  /** Fails as soon as the signal is given. */
  sleep(life: Life, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake, reject) => {
      if (life.ended) return
      const awake = (): void => {
        signal?.removeEventListener('abort', abort)
        wake()
      }
      const sleeper = { life, name: 'wakes', wake: awake, due: this.#now + ms }
      const abort = (): void => {
        if (life.ended) return
        keepOnly(this.#sleepers, (other) => other !== sleeper)
        keepOnly(this.#waiting, (other) => other !== sleeper)
        reject(signal?.reason as Error)
      }
      if (signal?.aborted === true) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      const later = this.#sleepers.findIndex((other) => other.due > sleeper.due)
      this.#sleepers.splice(later === -1 ? this.#sleepers.length : later, 0, sleeper)
    })
  }

  /** Time passes while everybody is held up, as on a machine that was suspended. */
  pass(ms: number): void {
    this.#now += ms
  }

  /** Grants turns until `done`, asked between any two of them, or until nobody wants one. */
  async run(between: () => boolean | Promise<boolean>): Promise<void> {
    for (;;) {
      await new Promise<void>((rested) => setImmediate(rested))
      if (await between()) return
      if (!this.#grant()) return
    }
  }

  /** Notes something that is part of the run's identity. */
  note(text: string): void {
    this.#hash.update(text)
    this.#last.push(text)
    if (this.#last.length > 200) this.#last.splice(0, 100)
  }

  /** Two runs with the same digest were the same. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }

  #grant(): boolean {
    const first = this.#sleepers[0]
    if (this.#waiting.length === 0) {
      if (first === undefined) return false
      this.#now = Math.max(this.#now, first.due)
    }
    for (let next = this.#sleepers[0]; next !== undefined && next.due <= this.#now; next = this.#sleepers[0]) {
      this.#sleepers.shift()
      this.#waiting.push(next)
    }
    this.#steps++
    this.#now++
    const [chosen] = this.#waiting.splice(this.#choose(), 1)
    if (chosen === undefined) return false
    this.note(`${this.#steps} ${chosen.life.name} ${chosen.name}`)
    chosen.wake()
    return true
  }

  #choose(): number {
    const count = this.#waiting.length
    if (this.#steps % 64 === 0) this.#order = this.#random.pick(orders)
    if (this.#order === 'any' || this.#random.chance(0.3)) return this.#random.below(count)
    return this.#order === 'newest' ? count - 1 : 0
  }
}

function keepOnly<T>(list: T[], wanted: (item: T) => boolean): void {
  const kept = list.filter(wanted)
  list.splice(0, list.length, ...kept)
}
