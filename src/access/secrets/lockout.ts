import type { Clock } from '../../lib/index.ts'
import { type AttemptMemory, createAttemptCounts, createAttemptMemory } from './attempt-counts.ts'

/** Slows down whoever tries passwords, without keeping anybody else out. */
export interface Lockout {
  /** Whole seconds until this name may be tried again from this network; 0 when it may be now. */
  wait(name: string, network: string): number
  /** Counts an attempt as wrong before it is checked, so that many at once are no way around. What it gives takes that back. */
  begin(name: string, network: string): Attempt
}

export interface Attempt {
  /** The password was right: the network may try again as if nothing had happened. */
  succeeded(): void
  /** Nothing was compared. */
  undone(): void
}

/** Wrong attempts of a network that cost nothing: people mistype. */
const free = 5
/** The first wait, doubled by each further wrong attempt, in ms. */
const firstWait = 1_000
const longestWait = 15 * 60_000
/** So many wrong attempts in an hour from everywhere, and an account counts as attacked. */
const attackedFrom = 50
/** While it is, a network has one attempt for nothing, and the first wait is longer. */
const freeWhileAttacked = 1
const firstWaitWhileAttacked = 60_000

export interface LockoutDeps {
  readonly clock: Pick<Clock, 'now'>
  /** Of this process: absent where no other thread counts. */
  readonly memory?: AttemptMemory | undefined
  /** That nobody outside knows. */
  readonly salt: string
}

/**
 * Wrong attempts are counted by name and network together, so that nobody can lock the owner of a name out from elsewhere: another
 * network always has its first attempt. An attacker with many networks is bounded by the count of the name alone: it takes away the
 * attempts for nothing and lengthens the waits of every network that was wrong, and never refuses a first attempt. Names are counted
 * whether they exist or not, so that being locked tells nothing. In the memory of one process: with several nodes each counts what it
 * sees.
 */
export function createLockout({ clock, memory = createAttemptMemory(), salt }: LockoutDeps): Lockout {
  const networks = createAttemptCounts(memory.networks, salt, clock)
  const names = createAttemptCounts(memory.names, salt, clock)

  return Object.freeze<Lockout>({
    wait: (name, network) => {
      const count = networks.read(keyOf(name, network))
      if (count === undefined) return 0
      const attacked = (names.read(name)?.wrong ?? 0) >= attackedFrom
      const paid = count.wrong - (attacked ? freeWhileAttacked : free)
      if (paid < 0) return 0
      const wait = Math.min(longestWait, (attacked ? firstWaitWhileAttacked : firstWait) * 2 ** Math.min(paid, 20))
      return Math.max(0, Math.ceil((count.last + wait - clock.now()) / 1000))
    },
    begin: (name, network) => {
      const key = keyOf(name, network)
      const before = networks.read(key)?.last
      const [takeNetworkBack, takeNameBack] = [networks.add(key), names.add(name)]
      return {
        succeeded: () => {
          takeNameBack()
          networks.forget(key)
        },
        undone: () => {
          takeNameBack()
          takeNetworkBack(before)
        },
      }
    },
  })
}

function keyOf(name: string, network: string): string {
  return `${name} ${network}`
}
