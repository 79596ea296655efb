import { isAlreadyDone } from '../postgres/client.ts'
import type { Contender, Ending, Task } from './contender.ts'
import { mayBlock, nothing, otherSide, united, type Side, type Step } from './dependence.ts'
import type { Footprint, Footprints } from './footprint.ts'
import type { Observer } from './observer.ts'

/** Where a schedule has to be decided: who goes on, or, when each waits for the other, who gives way. */
export interface Crossing {
  readonly question: 'who goes on' | 'who gives way'
  /** The sides that may be chosen. */
  readonly open: readonly Side[]
  /** What each side would do next; absent for one that ended or waits for a lock. */
  readonly next: readonly [Step | undefined, Step | undefined]
}

export interface Taken {
  readonly side: Side
  readonly step: Step
  /** The statement had to wait for the other side. */
  readonly waited: boolean
}

export interface Run {
  readonly taken: readonly Taken[]
  /** Absent when the schedule was given up. */
  readonly result: Result | undefined
}

export interface Result {
  readonly endings: readonly [Ending, Ending]
  /** Sides in the order in which they ended. */
  readonly order: readonly Side[]
  /** The side that gave way in a deadlock, and was run again when the other had ended. */
  readonly victim: Side | undefined
}

/** Answers the chosen side, or nothing to give this schedule up. */
export type Decide = (crossing: Crossing) => Side | undefined

/**
 * Runs two transactions on two connections in the order that `decide` gives. A side that waits for a lock can't be chosen until
 * the other has ended. When both wait, one of them gives way: it is rolled back and run again when the other has ended, as the
 * database driver would. That its second attempt does not overlap with the rest of the other loses nothing: a rolled back attempt
 * leaves nothing behind, so any such order is one in which it began later, and those are tried too.
 */
export async function runSchedule(
  sides: readonly [Contender, Contender],
  tasks: readonly [Task, Task],
  observer: Observer,
  footprints: Footprints,
  decide: Decide,
): Promise<Run> {
  const run = new Schedule(sides, observer, footprints)
  await Promise.all([sides[0].start(tasks[0]), sides[1].start(tasks[1])])
  try {
    if (!(await run.follow(decide))) {
      await run.giveUp()
      return { taken: run.taken, result: undefined }
    }
  } catch (error) {
    await run.giveUp()
    throw error
  }
  const { victim } = run
  if (victim !== undefined) {
    await sides[victim].runAlone(tasks[victim])
    run.order.push(victim)
  }
  await answerAgain(sides, tasks)
  return { taken: run.taken, result: { endings: [ended(sides[0]), ended(sides[1])], order: run.order, victim } }
}

/** One of two attempts at the same operation finds, late, that the other was committed: it asks for that one's answer. */
async function answerAgain(sides: readonly [Contender, Contender], tasks: readonly [Task, Task]): Promise<void> {
  for (const side of [0, 1] as const) {
    const { ending } = sides[side]
    const done = ending !== undefined && 'error' in ending && isAlreadyDone(ending.error, false)
    if (done) await sides[side].runAlone({ ...tasks[side], again: true })
  }
}

function ended({ ending }: Contender): Ending {
  if (ending === undefined) throw new Error('the transaction has not ended')
  return ending
}

class Schedule {
  readonly order: Side[] = []
  readonly taken: Taken[] = []
  victim: Side | undefined
  readonly #sides: readonly [Contender, Contender]
  readonly #observer: Observer
  readonly #footprints: Footprints
  /** Sides whose statement waits for the other side. */
  readonly #blocked = new Set<Side>()
  /** What each transaction read, locked and wrote so far. */
  readonly #held: [Footprint, Footprint] = [nothing, nothing]

  constructor(sides: readonly [Contender, Contender], observer: Observer, footprints: Footprints) {
    this.#sides = sides
    this.#observer = observer
    this.#footprints = footprints
  }

  /** Answers false when `decide` gave up. */
  async follow(decide: Decide): Promise<boolean> {
    while (this.#sides.some(({ state }) => state !== 'ended')) {
      const crossing = this.#crossing()
      const side = decide(crossing)
      if (side === undefined) return false
      if (crossing.question === 'who goes on') await this.#advance(side)
      else await this.#abort(side)
    }
    return true
  }

  #crossing(): Crossing {
    const next = [this.#next(0), this.#next(1)] as const
    const waiting = ([0, 1] as const).filter((side) => next[side] !== undefined)
    if (waiting.length > 0) return { question: 'who goes on', open: waiting, next }
    return { question: 'who gives way', open: [0, 1], next }
  }

  #next(side: Side): Step | undefined {
    if (this.#sides[side].state !== 'waiting') return undefined
    const { next } = this.#sides[side]
    if (next === 'commit' || next === 'rollback') return { side, kind: next, footprint: this.#held[side], text: next }
    if (typeof next === 'string') throw new Error(`a transaction sent "${next}"`)
    return { side, kind: 'statement', footprint: this.#footprints(next.text, next.values), text: next.text }
  }

  async #advance(side: Side): Promise<void> {
    const step = this.#next(side)
    if (step === undefined) throw new Error('this side can not go on')
    const [self, other] = [this.#sides[side], this.#sides[otherSide(side)]]
    const moved = self.release()
    const foreseen = step.kind === 'statement' && mayBlock(step.footprint, this.#held[otherSide(side)])
    if (step.kind === 'statement') this.#held[side] = united(this.#held[side], step.footprint)
    const waited = foreseen && !(await this.#observer.finishes(moved, self.pid, other.pid))
    if (waited) this.#blocked.add(side)
    else await this.#observer.within(moved, `a statement waits that was thought to meet nothing: ${step.text}`)
    this.taken.push({ side, step, waited })
    if (self.state !== 'ended') return
    this.order.push(side)
    await this.#freed(side)
  }

  /** A deadlock: the server would end one of the two; which one, depends on who waited longer. */
  async #abort(side: Side): Promise<void> {
    const self = this.#sides[side]
    this.#blocked.delete(side)
    await this.#observer.cancel(self.pid)
    await this.#observer.within(self.moved, 'a cancelled statement goes on')
    this.victim = side
    const step: Step = { side, kind: 'rollback', footprint: this.#held[side], text: 'rollback (deadlock)' }
    this.taken.push({ side, step, waited: false })
    await this.#freed(side)
  }

  /** When one side has given its locks back, the other's waiting statement ends, whatever is decided next. */
  async #freed(side: Side): Promise<void> {
    await close(this.#sides[side])
    if (!this.#blocked.delete(otherSide(side))) return
    const other = this.#sides[otherSide(side)]
    await this.#observer.within(other.moved, 'a statement still waits though the other side has ended')
    if (other.ending === undefined) return
    this.order.push(otherSide(side))
    await close(other)
  }

  async giveUp(): Promise<void> {
    for (const side of this.#sides.filter(({ state }) => state === 'waiting')) await side.abandon()
    for (const side of [...this.#blocked].map((blocked) => this.#sides[blocked])) {
      await this.#observer.within(side.moved, 'a statement still waits though the other side was given up')
      if (side.ending === undefined) await side.abandon()
      else await close(side)
    }
  }
}

/** A transaction that failed gave back its locks, but is still open on its connection. */
async function close({ client, ending }: Contender): Promise<void> {
  if (ending !== undefined && 'error' in ending) await client.query('rollback')
}
