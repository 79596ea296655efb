import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DatabaseReader, openSqliteReader } from '../../src/database/index.ts'
import { type Client, Violation } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import { takeInventory } from '../rig/inventory.ts'
import { createProcessMachine, type Machine } from '../rig/machine.ts'
import { createRandom } from '../rig/random.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { type PhaseFigures, Tally } from './figures.ts'
import { countGarbage, countOverdue, type Garbage, gonePart } from './garbage.ts'
import type { Image } from './image.ts'
import { Nodes } from './nodes.ts'
import { createOrphans } from './orphans.ts'
import { lookAtAll, type Shop, Writer } from './writer.ts'

export interface CollectionRound {
  readonly seed: number
  /** Seconds of writing: while nothing is collected, then while the collector does nothing else, then while the server crashes too. */
  readonly idle: number
  readonly beside: number
  readonly struck: number
  /** URL of a PostgreSQL server to make a database on, for two processes; absent for one on SQLite. */
  readonly postgres?: string | undefined
  /** Where the server runs, and what a crash is there; this machine and kill -9 unless told. With an empty data directory. */
  readonly machine?: Machine
}

export interface CollectionFigures {
  readonly idle: PhaseFigures
  readonly beside: PhaseFigures
  readonly struck: PhaseFigures
  readonly crashes: number
  /** Times as long as it takes until what is let go of is gone, that the collector worked beside the writers. */
  readonly cycles: number
  /** How many keys the collector was behind at the end of each. */
  readonly overdue: readonly number[]
  /** When the writers stopped, and one and two cycles later. */
  readonly garbage: readonly Garbage[]
  /** After two cycles, a part of 1. */
  readonly gone: number
}

const writers = 8
const repositories = ['team/app', 'team/tools/build', 'other/app', 'other/base']
const [lease, drain, interval] = [5_000, 1_000, 100]
const cycle = lease + drain + interval
/** Ms from one crash to the next. */
const calm = [300, 2_000] as const
const collecting = { BERTH_GC_INTERVAL: `${interval}ms` }
const settings = { BERTH_GC_LEASE: '5s', BERTH_GC_DRAIN: '1s', BERTH_UPLOADS_EXPIRY: '5s' }

/**
 * Eight writers of images beside the collector, on a registry of their own. Fails with the first promise that is broken: all that was
 * acknowledged and not deleted is there, all along and at the end.
 */
export async function collectionRound(round: CollectionRound): Promise<CollectionFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-collection-'))
  const database = round.postgres === undefined ? testedSqlite : await createTestedPostgres(round.postgres)
  const rig = new CollectionRig(round, round.machine ?? createProcessMachine(join(folder, 'data')), database)
  try {
    return await rig.run()
  } catch (error) {
    throw new Error(`seed ${round.seed}: ${error instanceof Error ? error.message : String(error)}\n${rig.said}`, { cause: error })
  } finally {
    await rig.end()
    await database.dispose()
    await rm(folder, { recursive: true })
  }
}

class CollectionRig {
  readonly #round: CollectionRound
  readonly #data: string
  readonly #database: TestedDatabase
  readonly #images = new Set<Image>()
  readonly #orphans = createOrphans({ lease, drain })
  readonly #writers: readonly Writer[]
  readonly #nodes: Nodes

  constructor(round: CollectionRound, machine: Machine, database: TestedDatabase) {
    this.#round = round
    this.#data = machine.dataFromHere
    this.#database = database
    // On PostgreSQL a second process, which only answers, has the same directory.
    const roles = round.postgres === undefined ? ['all'] : ['all', 'serve']
    this.#nodes = new Nodes({ machine, roles, settings: { ...settings, ...database.settings } })
    this.#writers = Array.from({ length: writers }, (_, number) => new Writer(number, createRandom('collection', round.seed, number)))
  }

  async run(): Promise<CollectionFigures> {
    const { idle, beside } = this.#round
    await this.#nodes.start({ BERTH_GC_INTERVAL: '1d' })
    // Everything is compiled then, and there is something to delete.
    await this.#write(Math.min(5, idle))
    const alone = await this.#write(idle)
    await this.#nodes.stop()
    await this.#nodes.start(collecting)
    const { figures: collected, overdue } = await this.#writeBeside(beside)
    const struck = await this.#writeThroughCrashes()
    const { crashes } = this.#nodes
    const garbage = await this.#watchGarbage()
    await this.#lookAtEverything()
    await this.#nodes.stop()
    await this.#takeInventory()
    const [before, , after] = garbage as [Garbage, Garbage, Garbage]
    const phases = { idle: alone, beside: collected, struck }
    return { ...phases, crashes, cycles: overdue.length, overdue, garbage, gone: gonePart(before, after) }
  }

  get said(): string {
    return this.#nodes.said
  }

  async end(): Promise<void> {
    await this.#nodes.end()
  }

  async #writeThroughCrashes(): Promise<PhaseFigures> {
    const random = createRandom('crash', this.#round.seed)
    const until = performance.now() + this.#round.struck * 1_000
    let isOver = false
    const strike = async (): Promise<void> => {
      for (;;) {
        await Bun.sleep(random.between(...calm))
        if (isOver || performance.now() >= until) return
        await this.#nodes.crash(random)
      }
    }
    const writing = this.#write(this.#round.struck).finally(() => (isOver = true))
    const [written, struck] = await Promise.allSettled([writing, strike()])
    // A server that does not come back says more than those who wait for it.
    if (struck.status === 'rejected') throw struck.reason
    if (written.status === 'rejected') throw written.reason
    return written.value
  }

  async #write(seconds: number): Promise<PhaseFigures> {
    const until = performance.now() + seconds * 1_000
    const tally = new Tally()
    let failed = false
    const work = async (writer: Writer, number: number): Promise<void> => {
      const shop = this.#shop(tally, number)
      try {
        while (!failed && performance.now() < until) await writer.turn(shop)
      } catch (error) {
        failed = true
        throw error
      }
    }
    const ends = await Promise.allSettled(this.#writers.map(work))
    const broken = ends.filter((end) => end.status === 'rejected').map((end) => end.reason as unknown)
    if (broken.length > 0) throw broken[0]
    return tally.figures()
  }

  #shop(tally: Tally, number: number): Shop {
    const common = { tally, repositories, promised: lease / 2, seed: this.#round.seed, orphans: this.#orphans, images: this.#images }
    return { ...common, client: this.#client(number), crashes: () => this.#nodes.crashes }
  }

  #client(number: number): Client {
    return this.#nodes.client(createRandom('node', this.#round.seed, number))
  }

  /** Looks at the end of each cycle how far the collector is behind. */
  async #writeBeside(seconds: number): Promise<{ readonly figures: PhaseFigures; readonly overdue: readonly number[] }> {
    if (seconds === 0) return { figures: new Tally().figures(), overdue: [] }
    const database = await this.#openBeside()
    const looks: Promise<number>[] = []
    const timer = setInterval(() => looks.push(countOverdue(database)), cycle)
    try {
      const figures = await this.#write(seconds)
      return { figures, overdue: await Promise.all(looks) }
    } finally {
      clearInterval(timer)
      await Promise.allSettled(looks)
      await database.close()
    }
  }

  async #watchGarbage(): Promise<Garbage[]> {
    const seen = [await this.#countGarbage()]
    for (let n = 0; n < 2; n++) {
      await Bun.sleep(cycle)
      seen.push(await this.#countGarbage())
    }
    return seen
  }

  async #countGarbage(): Promise<Garbage> {
    // The database of a server in a mount namespace can't be opened from here beside it.
    const isElsewhere = this.#round.machine !== undefined
    if (isElsewhere) await this.#nodes.stop()
    const database = isElsewhere ? await this.#database.open(this.#data) : await this.#openBeside()
    try {
      return await countGarbage(this.#data, database, this.#images)
    } finally {
      await database.close()
      if (isElsewhere) await this.#nodes.start(collecting)
    }
  }

  /** Beside the running servers. */
  async #openBeside(): Promise<DatabaseReader> {
    if (this.#round.postgres !== undefined) return await this.#database.open(this.#data)
    return await openSqliteReader({ path: join(this.#data, 'berth.db'), installation: undefined })
  }

  async #lookAtEverything(): Promise<void> {
    const shop = { tally: new Tally(), client: this.#client(writers) }
    await each([...this.#images], writers, (image) => lookAtAll(shop, image))
  }

  async #takeInventory(): Promise<void> {
    const problems = await takeInventory(this.#data, await this.#database.open(this.#data), { hash: true })
    if (problems.length > 0) throw new Violation(`${problems.length} problems in the data directory:\n${problems.slice(0, 20).join('\n')}`)
  }
}
