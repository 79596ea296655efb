import { inlineWriter, openSqliteDatabase, type Database, type TransactionTable } from '../../src/database/index.ts'
import { createSeededIds } from '../../src/lib/index.ts'
import {
  allowAll,
  type Collector,
  type createCollector,
  type createRegistry,
  type Registry,
  type RegistrySettings,
} from '../../src/registry/index.ts'
import { createFilesystemStore, type FileSystem } from '../../src/storage/index.ts'
import { createDatabaseSeam } from './database.ts'
import { createDiskSeam } from './disk.ts'
import type { Faults } from './faults.ts'
import type { Happenings } from './happening.ts'
import { isInjected } from './injected.ts'
import type { Observer } from './observer.ts'
import type { Life, Scheduler } from './scheduler.ts'
import { startWorking, type Working } from './working.ts'

/** What a world is made of; a drill puts something broken in its place. */
export interface Parts {
  readonly transactions: TransactionTable
  readonly createRegistry: typeof createRegistry
  readonly createCollector: typeof createCollector
  /** Stands between the store and the disk. */
  readonly fileSystem: (fs: FileSystem) => FileSystem
}

const hour = 3_600_000

/** The same in every seed; how long things stay in the trash, and without a name, is in ./seed-settings.ts. */
export const settings: RegistrySettings = { lease: hour, drain: 300_000, uploadExpiry: (hour * 2) / 5, retention: 0, verify: 'always', sparse: 'off' }

/** What a process offers. */
export interface Ports extends Registry, Working {
  /** Of a project that is there. */
  readonly projectId: (name: string) => number
}

export interface ServerDeps {
  readonly parts: Parts
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly happenings: Happenings
  readonly observer: Observer
  readonly disk: FileSystem
  readonly databasePath: string
  readonly seed: number
  readonly shared: boolean
  readonly settings: RegistrySettings
  /** Something went wrong that no fault explains. */
  readonly fail: (error: unknown) => void
}

export const storeRoot = '/data'
const contentCache = 1024 * 1024
const keysAtOnce = 50

/** A process of the server that can be killed and started again. */
export class Server {
  readonly name: string
  readonly #deps: ServerDeps
  #lives = 0
  #poked = Promise.withResolvers<void>()
  #running: { readonly life: Life; readonly database: Database; readonly ports: Ports } | undefined

  constructor(name: string, deps: ServerDeps) {
    this.name = name
    this.#deps = deps
  }

  get ports(): Ports | undefined {
    return this.#running?.ports
  }

  get life(): Life | undefined {
    return this.#running?.life
  }

  async start(): Promise<void> {
    const { scheduler, seed, parts, disk, databasePath, settings, observer } = this.#deps
    const life = scheduler.begin(this.name)
    const ids = createSeededIds(seed * 1_000 + Number(this.name) * 100 + this.#lives++)
    const clock = scheduler.clock(life)
    const database = await openSqliteDatabase({
      path: databasePath,
      mustExist: false,
      startWriter: () => inlineWriter(parts.transactions),
      clock,
      ids,
      onFatal: (error) => {
        throw error
      },
    })
    const seam = { ...this.#deps, life, ids }
    const fileSystem = parts.fileSystem(createDiskSeam(disk, seam))
    const store = createFilesystemStore({ root: storeRoot, fileSystem })
    const core = { database: createDatabaseSeam(database, seam), store, clock, ids, settings }
    const registry = parts.createRegistry({ ...core, authorize: allowAll, contentCache })
    const collector = parts.createCollector(core)
    const working = startWorking({ ...this.#deps, ...core, life, collector })
    this.#running = { life, database, ports: { ...registry, ...working, projectId: observer.lifecycle.projectId } }
    void this.#keepCollecting(life, collector)
  }

  /** Nothing of it goes on. The database keeps what was committed: no turn ends inside a transaction. */
  async kill(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    this.#deps.scheduler.end(running.life)
    await running.database.close()
  }

  /** The collector looks now, and not when its pause is over. */
  poke(): void {
    this.#poked.resolve()
  }

  async #keepCollecting(life: Life, collector: Collector): Promise<void> {
    const { scheduler, faults } = this.#deps
    for (;;) {
      this.#poked = Promise.withResolvers()
      const pause = faults.calm ? 600_000 : faults.random.pick([60_000, 60_000, 300_000])
      await Promise.race([scheduler.sleep(life, pause), this.#poked.promise])
      await scheduler.turn(life, 'collects')
      try {
        await collector.collectDue(keysAtOnce)
      } catch (error) {
        this.#collectionFailed(error)
      }
    }
  }

  #collectionFailed(error: unknown): void {
    if (!isInjected(error)) this.#deps.fail(error)
    this.#deps.scheduler.note(`the collection failed: ${String(error)}`)
  }
}
