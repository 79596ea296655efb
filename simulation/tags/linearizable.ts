import { preconditionHolds, type Precondition } from '../../src/oci/index.ts'

/** What was asked of one tag. A value is the digest that a PUT gives it; every PUT has one of its own. */
export type TagCall =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string; readonly precondition?: Precondition | undefined }
  | { readonly kind: 'delete'; readonly precondition?: Precondition | undefined }

/** What was answered: done, the condition failed, there is no such tag, or the value read. */
export type TagAnswer = 'done' | 'refused' | 'absent' | { readonly value: string }

/** One operation, by the clock of those who ask. */
export interface TagOperation {
  readonly call: TagCall
  readonly start: number
  /** When it was answered; for one without an answer, the latest moment at which it can have taken place. */
  readonly end: number
  /** Absent when the answer was lost: then it took place or it did not. */
  readonly answer: TagAnswer | undefined
}

/**
 * Whether there is an order of the operations, each at a moment between its start and its end, in which every answer is right
 * (Wing and Gong, 1993; with Lowe's memory of what was tried). Answers what is wrong, or nothing.
 * @param initial what the tag points at before the first of them, absent where there is none
 */
export function judgeTag(initial: string | undefined, operations: readonly TagOperation[]): string | undefined {
  const search = new Search([...operations].sort((a, b) => a.start - b.start))
  if (search.run(initial)) return undefined
  return `no order explains ${operations.length} operations on a tag; as far as ${search.farthest} of them, then one of:\n${search.stuckAt()}`
}

interface Step {
  readonly state: string | undefined
  /** Operations that have their place, or never took place. */
  readonly done: ReadonlySet<number>
  /** All before this one are done. */
  readonly from: number
}

class Search {
  readonly #operations: readonly TagOperation[]
  readonly #tried = new Set<string>()
  farthest = 0
  #stuck: readonly TagOperation[] = []

  constructor(operations: readonly TagOperation[]) {
    this.#operations = operations
  }

  stuckAt(): string {
    return this.#stuck.map((operation) => JSON.stringify(operation)).join('\n')
  }

  run(initial: string | undefined): boolean {
    const open: Step[] = [{ state: initial, done: new Set(), from: 0 }]
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (this.#isOver(step)) return true
      const key = `${step.from} ${[...step.done].sort((a, b) => a - b).join(',')} ${step.state ?? ''}`
      if (this.#tried.has(key)) continue
      this.#tried.add(key)
      const next = this.#candidates(step)
      this.#note(step, next)
      for (const index of next) open.push(...this.#after(step, index))
    }
    return false
  }

  #isOver({ from, done }: Step): boolean {
    return this.#operations.every(({ answer }, index) => index < from || done.has(index) || answer === undefined)
  }

  /** Operations that may come next: nothing that is still to come had ended before they began. */
  #candidates({ from, done }: Step): number[] {
    const found: number[] = []
    let earliestEnd = Infinity
    for (let index = from; index < this.#operations.length; index++) {
      const operation = this.#operations[index] as TagOperation
      if (operation.start > earliestEnd) break
      if (done.has(index)) continue
      found.push(index)
      if (operation.answer !== undefined) earliestEnd = Math.min(earliestEnd, operation.end)
    }
    return found.filter((index) => (this.#operations[index] as TagOperation).start <= earliestEnd)
  }

  #after({ state, done, from }: Step, index: number): Step[] {
    const operation = this.#operations[index] as TagOperation
    const outcome = perform(state, operation.call)
    if (operation.answer !== undefined && JSON.stringify(operation.answer) !== JSON.stringify(outcome.answer)) return []
    const placed = new Set(done).add(index)
    // What was lost and could only have taken place before this began, did not.
    for (let lost = from; lost < this.#operations.length; lost++) {
      const other = this.#operations[lost] as TagOperation
      if (other.start > operation.start) break
      if (other.answer === undefined && other.end < operation.start) placed.add(lost)
    }
    let first = from
    while (placed.delete(first)) first++
    return [{ state: outcome.state, done: placed, from: first }]
  }

  #note({ from, done }: Step, next: readonly number[]): void {
    if (from + done.size < this.farthest) return
    this.farthest = from + done.size
    this.#stuck = next.map((index) => this.#operations[index] as TagOperation)
  }
}

/** What a tag is: what an operation answers, and what it leaves. */
function perform(state: string | undefined, call: TagCall): { readonly state: string | undefined; readonly answer: TagAnswer } {
  if (call.kind === 'get') return { state, answer: state === undefined ? 'absent' : { value: state } }
  if (call.kind === 'delete' && state === undefined) return { state, answer: 'absent' }
  if (!preconditionHolds(call.precondition, state)) return { state, answer: 'refused' }
  return { state: call.kind === 'put' ? call.value : undefined, answer: 'done' }
}
