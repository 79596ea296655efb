import { createRandom, type Random } from '../rig/random.ts'

/** How likely a fault is wherever it can strike. */
const rates = {
  loseRequest: 0.03,
  loseReply: 0.04,
  cutBody: 0.05,
  duplicate: 0.05,
  impatience: 0.05,
  shortWrite: 0.3,
  shortRead: 0.3,
  ioError: 0.004,
  databaseAway: 0.01,
  lostCommitReply: 0.05,
  unknownOutcome: 0.01,
} as const

/** Faults that strike by themselves. */
export type Fault = keyof typeof rates

/** What the chaos may do in a run, besides the one crash that each has. */
const upheavals = ['damage', 'fullDisk', 'stall', 'powerCut', 'twoProcesses'] as const
export type Upheaval = (typeof upheavals)[number]

/** Which faults a seed has: a random part of them, since some hide others. */
export interface Faults {
  /** Whether this fault strikes now. */
  strikes(fault: Fault): boolean
  readonly has: ReadonlySet<Upheaval>
  readonly random: Random
  /** The disk takes nothing now. */
  full: boolean
  /** No fault strikes any more. */
  calm: boolean
  /** Faults that struck so far: without any, no call may fail. */
  readonly struck: number
  readonly names: readonly string[]
}

export function createFaults(seed: number): Faults {
  const choice = createRandom(seed, 'swarm')
  const random = createRandom(seed, 'faults')
  const on = new Set((Object.keys(rates) as Fault[]).filter(() => choice.chance(0.45)))
  const has = new Set(upheavals.filter(() => choice.chance(0.5)))
  let struck = 0
  return {
    strikes(fault: Fault) {
      const strikes = !this.calm && on.has(fault) && random.chance(rates[fault])
      if (strikes) struck++
      return strikes
    },
    has,
    random,
    full: false,
    calm: false,
    get struck() {
      return struck
    },
    names: [...on, ...has],
  }
}
