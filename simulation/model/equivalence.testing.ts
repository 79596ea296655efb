import * as fc from 'fast-check'
import type { SparseMode } from '../../src/registry/index.ts'
import { answerOfCore } from './answer-of-core.ts'
import { operations } from './arbitrary.testing.ts'
import { createCoreFactory, settings, type Core, type Surroundings } from './core.ts'
import type { Operation } from './operation.ts'
import { rowsOfCore, rowsOfWorld, sweep } from './sweep.ts'
import { answerOf, createWorld, type World } from './world.ts'

export interface Equivalence {
  readonly seed: number
  readonly runs: number
  /** Operations of a run, at most. */
  readonly length: number
  readonly surroundings?: Surroundings
  /** Whether a failing history is made short, which is the default. */
  readonly shrink?: boolean
}

export interface Equivalent {
  readonly runs: number
  readonly operations: number
  /** How often each answer came, such as `put: ok` and `put: PRECONDITION_FAILED`. */
  readonly answers: Readonly<Record<string, number>>
}

/**
 * Histories of operations on the real core and on the specification: every answer must be the same, and at the end everything
 * that can be read. Fails with the shortest history that fast-check finds, its seed and its path.
 */
export async function checkEquivalence({ seed, runs, length, surroundings = {}, shrink = true }: Equivalence): Promise<Equivalent> {
  const factory = await createCoreFactory()
  const answers: Record<string, number> = {}
  let count = 0
  const seen = (operation: Operation, answer: string): void => {
    const name = `${operation.kind}: ${answer}`
    answers[name] = (answers[name] ?? 0) + 1
    count++
  }
  const commands = operations.map((arbitrary) => arbitrary.map((operation) => new Step(operation, seen)))
  const sparse = fc.constantFrom<SparseMode>('off', 'index', 'all')
  const retention = fc.constantFrom(0, 3 * settings.lease, 3 * settings.lease)
  const limits = fc.record({ sparse, retention })
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands: length, size: 'max' }), limits, async (steps, chosen) => {
    const core = await factory.create(seed, { ...surroundings, settings: chosen })
    try {
      const world = createWorld(chosen)
      await fc.asyncModelRun(() => ({ model: world, real: core }), steps)
      await expectSameEnd(core, world)
    } finally {
      await core.dispose()
    }
  })
  try {
    await fc.assert(property, { seed, numRuns: runs, endOnFailure: !shrink })
  } finally {
    factory.dispose()
  }
  return { runs, operations: count, answers }
}

/** Answers that a run of some length must have had, or it has shown little of what they stand for. */
const wanted = [
  'push: ok', 'push: DIGEST_INVALID', 'begin: ok', 'append: ok', 'append: RANGE_INVALID', 'append: SIZE_INVALID',
  'append: BLOB_UPLOAD_UNKNOWN', 'finish: ok', 'finish: DIGEST_INVALID', 'finish: BLOB_UPLOAD_UNKNOWN', 'status: ok',
  'cancel: ok',
  'mount: ok', 'put: ok', 'put: PRECONDITION_FAILED', 'put: MANIFEST_BLOB_UNKNOWN', 'get manifest: ok',
  'get manifest: MANIFEST_UNKNOWN', 'get blob: ok', 'get blob: BLOB_UNKNOWN', 'stat blob: ok', 'stat blob: BLOB_UNKNOWN',
  'delete manifest: ok', 'delete manifest: PRECONDITION_FAILED', 'delete blob: ok', 'delete blob: BLOB_UNKNOWN', 'tags: ok',
  'tags: NAME_UNKNOWN', 'referrers: ok', 'collect: ok', 'restart: ok', 'damage: ok',
  'trash: ok', 'restore: ok', 'restore: TRASH_UNKNOWN', 'history: ok', 'tag at: ok', 'tag at: TAG_UNKNOWN_THEN',
  'revert: ok', 'revert: MANIFEST_GONE',
]
const floor = 20

/** What came up too seldom. */
export function missingAnswers(answers: Readonly<Record<string, number>>): string[] {
  return wanted.filter((name) => (answers[name] ?? 0) < floor)
}

class Step implements fc.AsyncCommand<World, Core> {
  readonly #operation: Operation
  readonly #seen: (operation: Operation, answer: string) => void

  constructor(operation: Operation, seen: (operation: Operation, answer: string) => void) {
    this.#operation = operation
    this.#seen = seen
  }

  check(world: Readonly<World>): boolean {
    return !('session' in this.#operation) || world.begun.length > 0
  }

  async run(world: World, core: Core): Promise<void> {
    this.#seen(this.#operation, await expectSame(core, world, this.#operation))
  }

  toString(): string {
    return JSON.stringify(this.#operation)
  }
}

/** Everything that is there, down to the ends of leases and sessions, and then every byte. */
async function expectSameEnd(core: Core, world: World): Promise<void> {
  const [got, expected] = [await rowsOfCore(core.database, core.sessions), rowsOfWorld(world, core.sessions)]
  const [more, less] = [got.filter((row) => !expected.includes(row)), expected.filter((row) => !got.includes(row))]
  if (more.length + less.length > 0 || got.length !== expected.length) {
    throw new Error(`the rows differ from the specification; too much: ${JSON.stringify(more)}; missing: ${JSON.stringify(less)}`)
  }
  for (const look of sweep(world)) await expectSame(core, world, look)
}

/** Answers the refusal, or `ok`. */
export async function expectSame(core: Core, world: World, operation: Operation): Promise<string> {
  const asked = answerOfCore(core, world, operation)
  const wanted = answerOf(world, operation)
  const [got, expected] = [JSON.stringify(await asked), JSON.stringify(wanted)]
  if (got !== expected) throw new Error(`${JSON.stringify(operation)} answered ${got}; the specification says ${expected}`)
  return 'ok' in wanted ? 'ok' : wanted.refused
}
