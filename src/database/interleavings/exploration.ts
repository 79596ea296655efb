import { otherSide, type Dependent, type Side, type Step } from './dependence.ts'
import type { Crossing, Decide, Run, Taken } from './schedule.ts'

/** A point of the current schedule, and what is known of the schedules that leave it. */
interface Fork {
  readonly crossing: Crossing
  /** Sides whose next step would only repeat, in another order, what was explored elsewhere. */
  readonly asleep: ReadonlySet<Side>
  /** Sides to try here. */
  readonly wanted: Set<Side>
  readonly tried: Set<Side>
  chosen: Side
}

export interface Explored {
  /** Schedules run to their end. */
  readonly schedules: number
  /** Schedules given up because they would have repeated one. */
  readonly repeated: number
}

/**
 * Visits the orders in which the steps of two transactions can be taken, by running the two again and again from the
 * same state: `run` prepares it, runs one schedule and checks what came of it.
 *
 * Two orders that differ only in neighbouring steps that do not depend on each other (see `dependent`) do the same, so one of
 * them is enough. This is dynamic partial order reduction (Flanagan and Godefroid 2005) with sleep sets (Godefroid 1996), in
 * the form of Abdulla and others (2014), which proves that at least one order of every such class is run to its end:
 *
 * - After each schedule, for each step the latest step of the other side that it depends on and that it does not anyhow come
 *   after is looked up: these two race, and the other order is wanted at the fork where the first was chosen. With
 *   two sides there is only one other side that could go first there. Where it could not (it waited for a lock), the order
 *   can't be turned round.
 * - A side tried at a fork sleeps in the schedules tried there after it, until a step is taken that depends on its own:
 *   before that, taking its step would only swap independent neighbours. A schedule in which only sleepers could go on is
 *   given up.
 *
 * A statement that waits for a lock is one step, taken where it began to wait: its snapshot is from there. Its end belongs to
 * the COMMIT or ROLLBACK that it waited for, which depends on it. Steps of the other side in between that do not depend on
 * it could as well come before it: it would wait all the same. In a deadlock both ways out are tried.
 */
export async function explore(run: (decide: Decide) => Promise<Run>, dependent: Dependent): Promise<Explored> {
  const forks: Fork[] = []
  let [schedules, repeated] = [0, 0]
  do {
    const { taken, result } = await run(follow(forks, dependent))
    if (result === undefined) repeated++
    else schedules++
    wantReversals(forks, taken, dependent)
  } while (backtrack(forks))
  return { schedules, repeated }
}

/** Repeats the choices of the forks, then goes on with any side that is not asleep, leaving a fork at each step. */
function follow(forks: Fork[], dependent: Dependent): Decide {
  let depth = 0
  return (crossing) => {
    const fork = forks[depth] ?? leaveFork(forks, crossing, dependent)
    if (fork === undefined) return undefined
    if (String(fork.crossing.open) !== String(crossing.open)) throw new Error('the same choices led to another state')
    depth++
    return fork.chosen
  }
}

function leaveFork(forks: Fork[], crossing: Crossing, dependent: Dependent): Fork | undefined {
  const previous = forks.at(-1)
  const asleep = previous === undefined ? new Set<Side>() : stillAsleep(previous, dependent)
  const chosen = crossing.open.find((side) => !asleep.has(side))
  if (chosen === undefined) return undefined
  const wanted = crossing.question === 'who gives way' ? new Set(crossing.open) : new Set([chosen])
  const fork = { crossing, asleep, wanted, tried: new Set([chosen]), chosen }
  forks.push(fork)
  return fork
}

function stillAsleep({ crossing, asleep, tried, chosen }: Fork, dependent: Dependent): Set<Side> {
  const independent = (a: Step | undefined, b: Step | undefined) => a !== undefined && b !== undefined && !dependent(a, b)
  const sleepers = [...asleep, ...tried].filter((side) => side !== chosen)
  return new Set(sleepers.filter((side) => independent(crossing.next[chosen], crossing.next[side])))
}

/** Wants the other order of each race in the schedule. */
function wantReversals(forks: readonly Fork[], taken: readonly Taken[], dependent: Dependent): void {
  // Of each step: how many steps of each side it comes after, itself included.
  const after: [number, number][] = []
  const reached: [number, number] = [0, 0]
  for (const [at, { side, step }] of taken.entries()) {
    const other = otherSide(side)
    const race = latest(taken, at, (earlier) => earlier.side === other && dependent(earlier.step, step))
    const before: [number, number] = [...(after[latest(taken, at, (earlier) => earlier.side === side)] ?? [0, 0])]
    reached[side]++
    before[side] = reached[side]
    const cause = after[race]
    if (cause !== undefined) {
      if (cause[other] > before[other] && forks[race]?.crossing.open.includes(side) === true) forks[race].wanted.add(side)
      before[0] = Math.max(before[0], cause[0])
      before[1] = Math.max(before[1], cause[1])
    }
    after.push(before)
  }
}

function latest(taken: readonly Taken[], before: number, fits: (taken: Taken) => boolean): number {
  for (let at = before - 1; at >= 0; at--) if (fits(taken[at] as Taken)) return at
  return -1
}

/** Turns to the next choice that is wanted and not yet tried; false when there is none. */
function backtrack(forks: Fork[]): boolean {
  for (let fork = forks.at(-1); fork !== undefined; fork = forks.at(-1)) {
    const { wanted, tried, asleep } = fork
    const next = [...wanted].find((side) => !tried.has(side) && !asleep.has(side))
    if (next !== undefined) {
      tried.add(next)
      fork.chosen = next
      return true
    }
    forks.pop()
  }
  return false
}
