import type { Database } from '../../src/database/index.ts'
import { systemFileSystem, type FileSystem } from '../../src/storage/index.ts'
import { answerOfCore } from '../model/answer-of-core.ts'
import type { Core, CoreFactory } from '../model/core.ts'
import type { Answer, Operation } from '../model/operation.ts'
import { rowsOfCore, rowsOfWorld, sweep } from '../model/sweep.ts'
import { answerOf, copyWorld, createWorld, sessionOf, type World } from '../model/world.ts'
import { takeInventory } from '../rig/inventory.ts'
import { openSqliteCopy } from '../rig/sqlite-copy.ts'
import { Injector, type FaultKind, type Struck } from './injector.ts'
import type { Scenario } from './scenarios.ts'

/** What came of a scenario in which one call, and perhaps one more while it was tried again, failed. */
export interface FaultRun {
  /** Absent when the scenario has fewer calls. */
  readonly struck: Struck | undefined
  readonly struckAgain: Struck | undefined
}

/** A bug put in on purpose, between the core and what fails. */
export interface Plant {
  readonly database?: (database: Database) => Database
  readonly fileSystem?: (fileSystem: FileSystem) => FileSystem
}

export interface Fault {
  /** Number of the call, from 1. */
  readonly at: number
  readonly kind: FaultKind
}

/** So long the collector leaves alone what it failed at. */
const later: readonly Operation[] = [{ kind: 'wait', ms: 600_000 }, { kind: 'collect' }]
const farLater: readonly Operation[] = [
  ...later,
  { kind: 'wait', ms: 600_000 },
  { kind: 'collect' },
  { kind: 'wait', ms: 3_600_000 },
  { kind: 'collect' },
]

/**
 * Runs a scenario with a fault. Afterwards rows are those of before or of after it, rows and files agree, what was acknowledged is
 * there, the answer was honest; tried again without a fault it ends well. Fails with what is wrong.
 */
export async function runWithFault(
  factory: CoreFactory,
  scenario: Scenario,
  { fault, second, plant = {} }: { readonly fault: Fault; readonly second?: Fault | undefined; readonly plant?: Plant | undefined },
): Promise<FaultRun> {
  const injector = new Injector()
  const { database = same, fileSystem = same } = plant
  const core = await factory.create(fault.at, {
    database: (inner) => database(injector.database(inner)),
    disk: (folder) => ({ root: folder, fs: fileSystem(injector.fileSystem(systemFileSystem)), bare: systemFileSystem }),
  })
  try {
    return await new Rig(core, injector).run(scenario, fault, second)
  } catch (error) {
    const where = `"${scenario.name}", call ${fault.at}: ${fault.kind}${second === undefined ? '' : `, then call ${second.at}: ${second.kind}`}`
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    await injector.disarm()
    await core.dispose()
  }
}

const same = <T>(part: T): T => part

class Rig {
  readonly #core: Core
  readonly #injector: Injector
  #world: World = createWorld()

  constructor(core: Core, injector: Injector) {
    this.#core = core
    this.#injector = injector
  }

  async run({ before, act }: Scenario, fault: Fault, second: Fault | undefined): Promise<FaultRun> {
    for (const operation of before) await this.#expect(operation)
    const struck = await this.#attempt(act, fault, undefined)
    const struckAgain = second === undefined ? undefined : await this.#attempt(act, second, struck)
    if (struck !== undefined && act.kind === 'collect') await this.#collectLater()
    else if (struck !== undefined) await this.#retry(act, [struck, struckAgain])
    await this.#lookAtAll()
    for (const operation of farLater) await this.#expect(operation)
    await this.#lookAtAll()
    await this.#checkFiles()
    return { struck, struckAgain }
  }

  async #attempt(act: Operation, fault: Fault, before: Struck | undefined): Promise<Struck | undefined> {
    const asked = copyWorld(this.#world)
    this.#injector.arm(fault.at, fault.kind)
    const got = await honest(answerOfCore(this.#core, asked, act))
    const struck = await this.#injector.disarm()
    if (struck?.kind.endsWith('crash') === true) this.#core.restart()
    const after = copyWorld(asked)
    const wanted = answerOf(after, act)
    if (!sufferedBefore(act, got, before)) checkHonesty(got, wanted, struck)
    await this.#takeUp(act, got, wanted, after)
    await this.#checkFiles()
    return struck
  }

  /** Goes on from the world that the rows are those of: all of what was asked for, nothing, or the place that it made for it. */
  async #takeUp(act: Operation, got: Answer, wanted: Answer, after: World): Promise<void> {
    const rows = await rowsOfCore(this.#core.database, this.#core.sessions)
    const made = copyWorld(this.#world)
    if (act.kind === 'push') made.registry.take(act.repository)
    if (act.kind === 'append' || act.kind === 'finish') made.uploads.open(sessionOf(made, act.session).id)
    const same = JSON.stringify(got) === JSON.stringify(wanted)
    const candidates = same ? [after] : [copyWorld(this.#world), made, after]
    const found = candidates.find((world) => JSON.stringify(rowsOfWorld(world, this.#core.sessions)) === JSON.stringify(rows))
    if (found !== undefined) this.#world = found
    // The collector's work is many steps, each of which is whole by itself.
    else if (act.kind !== 'collect') throw new Error(`answered ${JSON.stringify(got)}, and left ${JSON.stringify(rows)}`)
  }

  /** What a client does that got no answer, or a bad one. */
  async #retry(act: Operation, faults: readonly (Struck | undefined)[]): Promise<void> {
    const asked = copyWorld(this.#world)
    const got = await answerOfCore(this.#core, asked, act)
    const wanted = answerOf(asked, act)
    if (JSON.stringify(got) === JSON.stringify(wanted)) {
      this.#world = asked
      return
    }
    if (lostItsSession(act, got, faults)) {
      return await this.#expect({ kind: 'push', repository: 'a/one', blob: 5, algorithm: 'sha256' })
    }
    throw new Error(`tried again it answered ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
  }

  async #collectLater(): Promise<void> {
    for (const operation of later) await this.#expect(operation)
  }

  async #expect(operation: Operation): Promise<void> {
    const asked = answerOfCore(this.#core, this.#world, operation)
    const wanted = JSON.stringify(answerOf(this.#world, operation))
    const got = JSON.stringify(await asked)
    if (got !== wanted) throw new Error(`${JSON.stringify(operation)} answered ${got}, not ${wanted}`)
  }

  /** Rows and files agree, everything acknowledged is there and whole. */
  async #lookAtAll(): Promise<void> {
    const [got, wanted] = [await rowsOfCore(this.#core.database, this.#core.sessions), rowsOfWorld(this.#world, this.#core.sessions)]
    if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`the rows are ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
    for (const look of sweep(this.#world)) await this.#expect(look)
  }

  async #checkFiles(): Promise<void> {
    const { folder } = this.#core
    const found = await takeInventory(folder, await openSqliteCopy(folder), { hash: true })
    const problems = found.filter((problem) => !this.#isMeant(problem))
    if (problems.length > 0) throw new Error(problems.join('; '))
  }

  /** What the scenario spoiled itself. */
  #isMeant(problem: string): boolean {
    const spoiled = [...this.#world.registry.state.files.values()].some(({ condition }) => condition !== 'whole')
    return spoiled && /^(object-(damaged|missing|truncated|corrupt)|content-corrupt) /.test(problem)
  }
}

/** The collector has no wire to put a code on: what it fails with is told by what it was. */
async function honest(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    return { refused: `failed: ${error instanceof Error ? error.name : String(error)}` }
  }
}

/** A medium that failed may have taken the bytes of an open session with it; then the client begins anew. */
function lostItsSession(act: Operation, got: Answer, faults: readonly (Struck | undefined)[]): boolean {
  const isUpload = act.kind === 'append' || act.kind === 'finish'
  return isUpload && 'refused' in got && got.refused === 'BLOB_UPLOAD_UNKNOWN' && faults.some((struck) => struck?.on === 'storage')
}

/** After a medium has failed once, what it holds is unknown, and a second failure may be called just that. */
function sufferedBefore(act: Operation, got: Answer, before: Struck | undefined): boolean {
  return lostItsSession(act, got, [before]) || (before?.on === 'storage' && 'refused' in got && got.refused === 'UNKNOWN')
}

function checkHonesty(got: Answer, wanted: Answer, struck: Struck | undefined): void {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return
  if ('refused' in got && struck !== undefined && (struck.kind.endsWith('crash') || codesOf(struck).includes(got.refused))) return
  throw new Error(`answered ${JSON.stringify(got)} after ${JSON.stringify(struck)}; without it, ${JSON.stringify(wanted)}`)
}

function codesOf({ kind, on }: Struck): readonly string[] {
  const collector = ['failed: CollectionFailure', 'failed: DatabaseError']
  if (kind === 'ENOSPC') return ['STORAGE_FULL', ...collector]
  if (kind === 'lost' && on === 'database') return ['UNAVAILABLE', ...collector]
  return ['UNKNOWN', ...collector]
}
