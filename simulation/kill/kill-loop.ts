import type { DatabaseReader } from '../../src/database/index.ts'
import { createClient, Lost, Violation } from '../rig/client.ts'
import { takeInventory } from '../rig/inventory.ts'
import { createLedger } from '../rig/ledger.ts'
import type { Machine } from '../rig/machine.ts'
import { createStrictClient } from '../rig/refusal.ts'
import { ServerProcess, startServer } from '../rig/server-process.ts'
import type { TestedDatabase } from '../rig/tested-database.ts'
import { baseImage, baseLayers } from './shared-layers.ts'
import { workThroughCrash } from './database-crash.ts'
import { createFigures, type Figures } from './figures.ts'
import { createHotTags, hotConfig, hotRepository, overwrite, overwriteOn, readOn } from './hot-tags.ts'
import { pushContent, putManifest } from './image-writer.ts'
import { choicesOf, imageWriters, type Load } from './load.ts'
import { verifyAll, verifyRecent } from './verify.ts'
import type { Work } from './work.ts'

export interface KillRun {
  readonly seed: number
  readonly kills: number
  /** With an empty data directory. */
  readonly machine: Machine
  readonly database: TestedDatabase
  /** What goes on beside hot tags. */
  readonly work: Work
  /** How many threads answer requests; 1 unless told. */
  readonly workers?: number
  /** Rows and files are compared after so many kills. */
  readonly inventoryEvery: number
}

/**
 * Crash after crash of a server under load: kill -9, or what else the machine calls a crash; after each restart everything that it acknowledged must be there. Fails
 * with the first thing that is not, naming the seed and the kill.
 */
export async function runKills(run: KillRun): Promise<Figures> {
  const rig = new KillRig(run)
  try {
    await rig.setUp()
    for (let kill = 1; kill <= run.kills; kill++) await rig.killOnce(kill)
    await rig.conclude(run.kills + 1)
    return rig.figures
  } catch (error) {
    const where = `seed ${run.seed}, kill ${rig.figures.kills + 1}`
    throw new Error(`${where}: ${messageOf(error)}\n${rig.serverOutput()}`, { cause: error })
  } finally {
    await rig.end()
  }
}

/** Before so many kills the server first goes through a crash of its database, where there is one to crash. */
const databaseCrashEvery = 5

class KillRig {
  readonly figures = createFigures()
  readonly #run: KillRun
  readonly #ledger = createLedger()
  readonly #hot = createHotTags()
  readonly #ready: number[] = []
  #server: ServerProcess | undefined

  constructor(run: KillRun) {
    this.#run = run
  }

  /** Base layers and the first value of every hot tag. */
  async setUp(): Promise<void> {
    const load = await this.#start(0)
    const random = choicesOf(load, 'set-up')
    const { repository, layers } = baseLayers
    for (const layer of layers) await pushContent(load, random, repository, layer, 'put')
    await pushContent(load, random, repository, hotConfig, 'single')
    await pushContent(load, random, hotRepository, hotConfig, 'single')
    await putManifest(load, repository, baseImage.manifest, 'all')
    for (const [tag, history] of this.#hot) await overwrite(load, tag, history, `${this.#run.seed}/${tag}`)
    await this.#run.work.setUp?.(load)
    await this.#server?.stop()
  }

  async killOnce(kill: number): Promise<void> {
    const { seed, work, database } = this.#run
    const random = choicesOf({ seed, kill }, 'kill')
    if (random.chance(0.1)) await this.#killWhileStarting(random.between(10, 250))
    const load = await this.#start(kill)
    await this.#verify(load)
    if (kill % databaseCrashEvery === 0) await this.#workThroughDatabaseCrash(load, kill / databaseCrashEvery)
    await this.#workUntilKilled(load, random.between(...(work.killAfter ?? database.killAfter)))
    for (const history of this.#hot.values()) history.cut(performance.now())
    this.figures.kills++
    await this.#lookAfterCrash(load)
    if (kill % this.#run.inventoryEvery === 0) await this.#inventory(false)
  }

  async conclude(number: number): Promise<void> {
    const load = await this.#start(number)
    await verifyAll(load)
    await this.#run.work.verify(load, 'all')
    await this.#server?.stop()
    await this.#awaitTheEndOfGarbage(load)
    await this.#inventory(true)
    this.#ready.sort((a, b) => a - b)
    this.figures.readyWorst = Math.round(this.#ready.at(-1) ?? 0)
    this.figures.readyMedian = Math.round(this.#ready[this.#ready.length >> 1] ?? 0)
  }

  /** The last that the server of this moment printed and logged. */
  serverOutput(): string {
    return this.#server?.output.slice(-4_000) ?? ''
  }

  /** Nothing stays behind, whatever happened. */
  async end(): Promise<void> {
    if (this.#server?.running === true) await this.#server.kill()
  }

  async #start(kill: number): Promise<Load> {
    this.#server = await startServer(this.#options())
    if (kill > 0) this.#ready.push(this.#server.readyAfter)
    const { work, seed } = this.#run
    const client = work.as(createClient(this.#server.url))
    const { keepsUntagged } = work
    return { client, ledger: this.#ledger, figures: this.figures, seed, kill, hot: this.#hot, keepsUntagged, over: () => false }
  }

  #options() {
    const { machine, database, work, workers = 1 } = this.#run
    return { ...machine.server, settings: { ...work.settings, BERTH_WORKERS: String(workers), ...database.settings } }
  }

  async #verify(load: Load): Promise<void> {
    await verifyRecent(load)
    await this.#run.work.verify(load, 'lately')
  }

  async #lookAfterCrash(load: Load): Promise<void> {
    const { collection } = this.#run.work
    if (collection !== undefined) await this.#read((database) => collection.noteCrash(load, database))
  }

  /** What nobody needs goes while a server runs, and nothing else is left for that to happen. */
  async #awaitTheEndOfGarbage(load: Load): Promise<void> {
    const { machine, work } = this.#run
    const { collection } = work
    if (collection === undefined) return
    const until = performance.now() + collection.within
    for (;;) {
      const left = await this.#read((database) => collection.leftOver(load, machine.dataFromHere, database))
      if (left === undefined) return
      if (performance.now() > until) throw new Violation(left)
      this.#server = await startServer(this.#options())
      await Bun.sleep(1_000)
      await this.#server.stop()
    }
  }

  async #read<T>(look: (database: DatabaseReader) => Promise<T>): Promise<T> {
    const database = await this.#run.database.open(this.#run.machine.dataFromHere)
    try {
      return await look(database)
    } finally {
      await database.close()
    }
  }

  async #killWhileStarting(after: number): Promise<void> {
    const server = new ServerProcess(this.#options())
    await Bun.sleep(after)
    await this.#crash(server)
    this.figures.killsWhileStarting++
  }

  async #workThroughDatabaseCrash(load: Load, n: number): Promise<void> {
    const { takeAway } = this.#run.database
    const url = this.#server?.url
    if (takeAway === undefined || url === undefined) return
    const client = this.#run.work.as(createStrictClient(url))
    await workThroughCrash({ load, client, begin: (through) => this.#begin(through, 'through-'), takeAway: () => takeAway(n) })
    await this.#verify(load)
  }

  async #workUntilKilled(load: Load, after: number): Promise<void> {
    const work = this.#begin(load)
    const results = Promise.allSettled(work)
    await Bun.sleep(after)
    if (this.#server?.running !== true) throw new Violation(`the server ended by itself: ${this.#server?.output}`)
    const killing = performance.now()
    await this.#crash(this.#server)
    for (const { reason } of (await results) as PromiseRejectedResult[]) {
      if (!(reason instanceof Lost) || reason.at < killing) throw reason
    }
  }

  async #crash(server: ServerProcess): Promise<void> {
    const { machine, database } = this.#run
    await machine.crash(server)
    await database.settled()
    if (!machine.keepsUnsynced) for (const session of this.#ledger.sessions) session.unsynced = true
  }

  #begin(load: Load, prefix = ''): Promise<void>[] {
    const { work } = this.#run
    const names = Array.from({ length: imageWriters }, (_, number) => ({ number, name: `${prefix}writer-${number}` }))
    const images = names.map((name) => work.write(load, name))
    const tags = [...this.#hot].flatMap(([tag, history]) =>
      Array.from({ length: work.writersOfATag }, (_, n) => overwriteOn(load, tag, history, `${prefix}writer-${n}`)),
    )
    return [...images, ...tags, readOn(load)]
  }

  async #inventory(hash: boolean): Promise<void> {
    const { machine, database } = this.#run
    const data = machine.dataFromHere
    const problems = await takeInventory(data, await database.open(data), { hash })
    if (problems.length === 0) return
    throw new Violation(`${problems.length} problems in the data directory:\n${problems.slice(0, 20).join('\n')}`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
