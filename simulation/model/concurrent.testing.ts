import * as fc from 'fast-check'
import type { Database } from '../../src/database/index.ts'
import { answerOfCore } from './answer-of-core.ts'
import { precedingOperations } from './arbitrary.testing.ts'
import { createCoreFactory } from './core.ts'
import { expectSame } from './equivalence.testing.ts'
import type { Answer, Operation } from './operation.ts'
import { rowsOfCore, rowsOfWorld } from './sweep.ts'
import { answerOf, copyWorld, createWorld, type World } from './world.ts'

export interface Concurrency {
  readonly seed: number
  readonly runs: number
  /** What is asked at once. */
  readonly operations: readonly fc.Arbitrary<Operation>[]
  /** A bug put in on purpose, above the database. */
  readonly plant?: (database: Database) => Database
  /** Whether what fails is made short, which is the default. */
  readonly shrink?: boolean
}

const same = (database: Database): Database => database

/**
 * A few operations one after the other, then up to four at once, whose calls of the database fast-check's scheduler lets go in every
 * order it thinks of. What they answer and leave must be what some order of them gives in the specification.
 */
export async function checkConcurrency({ seed, runs, operations: asked, plant = same, shrink = true }: Concurrency): Promise<void> {
  const factory = await createCoreFactory()
  const before = fc.array(fc.oneof(...precedingOperations), { maxLength: 12 })
  const together = fc.array(fc.oneof(...asked), { minLength: 2, maxLength: 4 })
  const property = fc.asyncProperty(before, together, fc.scheduler(), async (first, operations, scheduler) => {
    let atOnce = false
    const database = (inner: Database): Database => plant(scheduling(inner, scheduler, () => atOnce))
    const core = await factory.create(seed, { database })
    try {
      const world = createWorld()
      for (const operation of first) await expectSame(core, world, operation)
      atOnce = true
      const answers = await scheduler.waitFor(Promise.all(operations.map((operation) => answerOfCore(core, world, operation))))
      atOnce = false
      const rows = JSON.stringify(await rowsOfCore(core.database, core.sessions))
      if (!isExplained(world, operations, answers, rows)) {
        throw new Error(`no order of the operations explains ${JSON.stringify(answers)} and ${rows}`)
      }
    } finally {
      await core.dispose()
    }
  })
  try {
    await fc.assert(property, { seed, numRuns: runs, endOnFailure: !shrink })
  } finally {
    factory.dispose()
  }
}

/** Every call waits until the scheduler lets it go. */
function scheduling(inner: Database, scheduler: fc.Scheduler, isOn: () => boolean): Database {
  const turn = async (label: string): Promise<void> => {
    if (isOn()) await scheduler.schedule(Promise.resolve(), label)
  }
  return {
    ...inner,
    transact: async (transaction, input, operationId) => {
      await turn(transaction.name)
      return await inner.transact(transaction, input, operationId)
    },
    one: async (statement, ...values) => {
      await turn('read')
      return await inner.one(statement, ...values)
    },
    all: async (statement, ...values) => {
      await turn('read')
      return await inner.all(statement, ...values)
    },
  }
}

/** Steps of an operation that are whole by themselves; the last one has the answer. */
type Steps = readonly ((world: World) => Answer | undefined)[]

function stepsOf(operation: Operation): Steps {
  const whole = (world: World): Answer => answerOf(world, operation)
  if (operation.kind !== 'push') return [whole]
  // The session that a push in one request has makes the repository before any byte came.
  return [(world) => void world.registry.take(operation.repository), whole]
}

/** Whether the steps can be put in one order, each operation's own kept, that gives these answers and these rows. */
function isExplained(start: World, operations: readonly Operation[], answers: readonly Answer[], rows: string): boolean {
  const steps = operations.map(stepsOf)
  const search = (world: World, taken: readonly number[]): boolean => {
    const open = steps.keys().filter((index) => (taken[index] ?? 0) < (steps[index]?.length ?? 0)).toArray()
    if (open.length === 0) return JSON.stringify(rowsOfWorld(world, [])) === rows
    return open.some((index) => {
      const next = copyWorld(world)
      const answer = steps[index]?.[taken[index] ?? 0]?.(next)
      if (answer !== undefined && JSON.stringify(answer) !== JSON.stringify(answers[index])) return false
      return search(next, taken.with(index, (taken[index] ?? 0) + 1))
    })
  }
  return search(start, steps.map(() => 0))
}
