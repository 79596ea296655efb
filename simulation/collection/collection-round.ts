import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DatabaseReader, openSqliteReader } from '../../src/database/index.ts'
import { type Client, createClient, Violation } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import { takeInventory } from '../rig/inventory.ts'
import { createRandom } from '../rig/random.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { type PhaseFigures, Tally } from './figures.ts'
import { countGarbage, countOverdue, type Garbage, gonePart } from './garbage.ts'
import type { Image } from './image.ts'
import { createOrphans } from './orphans.ts'
import { lookAtAll, type Shop, Writer } from './writer.ts'

export interface CollectionRound {
  readonly seed: number
  /** Seconds of writing while nothing is collected, and then while the collector does nothing else. */
  readonly idle: number
  readonly beside: number
  /** URL of a PostgreSQL server to make a database on, for two processes; absent for one on SQLite. */
  readonly postgres?: string | undefined
  /** Another program than this checkout's. */
  readonly launcher?: string
}

export interface CollectionFigures {
  readonly idle: PhaseFigures
  readonly beside: PhaseFigures
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
const settings = { BERTH_GC_LEASE: '5s', BERTH_GC_DRAIN: '1s', BERTH_UPLOADS_EXPIRY: '5s' }

/**
 * Eight writers of images beside the collector, on a registry of their own. Fails with the first promise that is broken: all that was acknowledged
 * and not deleted is there, all along and at the end.
 */
export async function collectionRound(round: CollectionRound): Promise<CollectionFigures> {
  const data = await mkdtemp(join(tmpdir(), 'berth-collection-'))
  const database = round.postgres === undefined ? testedSqlite : await createTestedPostgres(round.postgres)
  const rig = new CollectionRig(round, data, database)
  try {
    return await rig.run()
  } catch (error) {
    throw new Error(`seed ${round.seed}: ${error instanceof Error ? error.message : String(error)}\n${rig.said()}`, { cause: error })
  } finally {
    await rig.end()
    await database.dispose()
    await rm(data, { recursive: true })
  }
}

class CollectionRig {
  readonly #round: CollectionRound
  readonly #data: string
  readonly #database: TestedDatabase
  readonly #images = new Set<Image>()
  readonly #orphans = createOrphans({ lease, drain })
  readonly #writers: readonly Writer[]
  #servers: ServerProcess[] = []

  constructor(round: CollectionRound, data: string, database: TestedDatabase) {
    this.#round = round
    this.#data = data
    this.#database = database
    this.#writers = Array.from({ length: writers }, (_, number) => new Writer(number, createRandom('collection', round.seed, number)))
  }

  async run(): Promise<CollectionFigures> {
    const { idle, beside } = this.#round
    await this.#start('1d')
    // Everything is compiled then, and there is something to delete.
    await this.#write(Math.min(5, idle))
    const alone = await this.#write(idle)
    await this.#stop()
    await this.#start(`${interval}ms`)
    const watch = await this.#watchOverdue()
    const collected = await this.#write(beside)
    const overdue = await watch.end()
    const garbage = await this.#watchGarbage()
    await this.#lookAtEverything()
    await this.#stop()
    await this.#takeInventory()
    const [before, , after] = garbage as [Garbage, Garbage, Garbage]
    return { idle: alone, beside: collected, cycles: overdue.length, overdue, garbage, gone: gonePart(before, after) }
  }

  /** What the servers logged last, for a person. */
  said(): string {
    return this.#servers.map(({ output }) => output).join('\n')
  }

  async end(): Promise<void> {
    for (const server of this.#servers) if (server.running) await server.kill()
  }

  /** On PostgreSQL a second process, which only answers, has the same directory. */
  async #start(every: string): Promise<void> {
    const roles = this.#round.postgres === undefined ? ['all'] : ['all', 'serve']
    const { launcher } = this.#round
    this.#servers = []
    for (const role of roles) {
      const own = { ...settings, BERTH_GC_INTERVAL: every, BERTH_ROLE: role, ...this.#database.settings }
      this.#servers.push(await startServer({ data: this.#data, settings: own, ...(launcher === undefined ? {} : { launcher }) }))
    }
  }

  async #stop(): Promise<void> {
    for (const server of this.#servers.toReversed()) await server.stop()
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
    return { ...common, client: this.#client(number) }
  }

  /** Each request of a writer may go to another process. */
  #client(number: number): Client {
    const clients = this.#servers.map(({ url }) => createClient(url))
    const random = createRandom('node', this.#round.seed, number)
    return { send: (method, path, message) => random.pick(clients).send(method, path, message) }
  }

  async #watchOverdue(): Promise<{ end(): Promise<number[]> }> {
    const database = await this.#open()
    const seen: Promise<number>[] = []
    const timer = setInterval(() => seen.push(countOverdue(database)), cycle)
    return {
      end: async () => {
        clearInterval(timer)
        const counts = await Promise.all(seen)
        await database.close()
        return counts
      },
    }
  }

  async #watchGarbage(): Promise<Garbage[]> {
    const database = await this.#open()
    try {
      const seen = [await countGarbage(this.#data, database, this.#images)]
      for (let n = 0; n < 2; n++) {
        await Bun.sleep(cycle)
        seen.push(await countGarbage(this.#data, database, this.#images))
      }
      return seen
    } finally {
      await database.close()
    }
  }

  /** Beside the running servers. */
  async #open(): Promise<DatabaseReader> {
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
