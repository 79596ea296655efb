import type { Ending, Task } from './contender.ts'
import { otherSide, type Side } from './dependence.ts'
import type { Contest } from './encounter.ts'
import type { Sight } from './ground.ts'
import type { Operation } from './operation.ts'
import { now, rowsOf, type State } from './rows.ts'
import type { Result } from './schedule.ts'

const operationIds = ['operation-0', 'operation-1'] as const

/** Results that no serial order gives and that do no harm, with the reason. */
const harmless: readonly { readonly names: readonly string[]; readonly part: string; readonly reason: string }[] = [
  {
    names: ['touch upload', 'collect object being written'],
    part: 'gc_queue',
    reason: `the collector puts the object off to the session's end of before, looks again then, and finds the new end`,
  },
  {
    names: ['collect index', 'delete manifest'],
    part: 'unnamed_manifest',
    reason: 'what the index listed is noted while it goes itself: a row for a manifest that is gone is no more than a place to look, and the collector ends it',
  },
]

/** Two operations of the table, each asked for once. */
export function pairOf(first: Operation, second: Operation, state: State): Contest {
  const operations = [first, second] as const
  return {
    rows: rowsOf(state),
    tasks: [taskOf(first, 0), taskOf(second, 1)],
    judge: (result, sight) => judge(operations, result, sight),
    inTime: operations.some(({ subject }) => subject === 'state change' || subject === 'collection hold'),
    tolerated: harmless.filter(({ names }) => operations.every(({ name }) => names.includes(name))).map(({ part }) => part),
  }
}

/** One operation whose reply was lost, so that it is asked for again while the first attempt may still be under way. */
export function repeated(operation: Operation, state: State): Contest {
  const task = taskOf(operation, 0)
  return {
    rows: rowsOf(state),
    tasks: [task, { ...task, again: true }],
    judge: (result, sight) => judgeRepeated(operation, result, sight),
    inTime: false,
    // Of two attempts only the second one's answer reaches anybody; it is judged by itself.
    tolerated: ['endings'],
  }
}

function taskOf({ transaction, input }: Operation, side: Side): Task {
  return { transaction, input: input(side), operationId: operationIds[side], now, again: false }
}

function* judge(operations: readonly [Operation, Operation], result: Result, sight: Sight): Generator<string> {
  for (const name of sight.brokenInvariants) yield `broken: ${name}`
  for (const side of [0, 1] as const) {
    const [operation, other] = [operations[side], operations[otherSide(side)]]
    yield* judgeEvents(operation, result.endings[side], operationIds[side], sight)
    if (!acknowledged(result.endings[side])) continue
    const both = acknowledged(result.endings[otherSide(side)])
    for (const fact of operation.promises) {
      const undone = both && other.undoes.includes(fact)
      if (sight.brokenFacts.includes(fact) && !undone) yield `"${operation.name}" was acknowledged, but not so: ${fact}`
    }
    const afterFreeze = both && other.subject === 'state change' && result.order[0] !== side
    if (afterFreeze && operation.refusedWhenFrozen) yield `"${operation.name}" was acknowledged after the repository was frozen`
    const afterHold = both && other.subject === 'collection hold' && result.order[0] !== side
    if (afterHold && operation.heldBack?.(answerOf(result.endings[side])) === false) yield `"${operation.name}" was not held back`
  }
}

/** A failed transaction is a defect; a refused one changes nothing; the others leave an event if they change an answer. */
function* judgeEvents(operation: Operation, ending: Ending, operationId: string, sight: Sight): Generator<string> {
  if ('error' in ending) {
    yield `"${operation.name}" failed: ${String(ending.error)}`
    return
  }
  const events = sight.events.filter((id) => id === operationId).length
  const expected = 'ok' in ending.outcome ? operation.records(ending.outcome.ok) : false
  if (expected !== undefined && events !== Number(expected)) yield `"${operation.name}" left ${events} events`
}

function* judgeRepeated(operation: Operation, { endings: [first, second] }: Result, sight: Sight): Generator<string> {
  for (const name of sight.brokenInvariants) yield `broken: ${name}`
  for (const ending of [first, second]) if ('error' in ending) yield `"${operation.name}" failed: ${String(ending.error)}`
  if (acknowledged(first) && JSON.stringify(first) !== JSON.stringify(second)) yield answersDifferently
}

export const answersDifferently = 'the repeated operation answers differently'

function answerOf(ending: Ending): unknown {
  return 'outcome' in ending && 'ok' in ending.outcome ? ending.outcome.ok : undefined
}

function acknowledged(ending: Ending): boolean {
  return 'outcome' in ending && 'ok' in ending.outcome
}
