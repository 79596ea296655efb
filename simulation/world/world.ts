import { untaggedFor, type RegistrySettings } from '../../src/registry/index.ts'
import { createSimulatedFileSystem } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { Violation } from '../rig/client.ts'
import { createRandom } from '../rig/random.ts'
import { isUnknown } from './blob-pusher.ts'
import { Chaos } from './chaos.ts'
import { createFaults } from './faults.ts'
import { createHappenings, type Happening } from './happening.ts'
import { pushImages } from './image-pusher.ts'
import { inspect } from './inspection.ts'
import { countInterleavings, type Interleavings } from './interleavings.ts'
import { askForJobs } from './job-asker.ts'
import { JobLedger } from './job-ledger.ts'
import { Ledger } from './ledger.ts'
import { deleteThings, expectBytes, indexImages, readImages } from './meddlers.ts'
import { Network } from './network.ts'
import { createObserver } from './observer.ts'
import { Scheduler } from './scheduler.ts'
import { Sessions } from './sessions.ts'
import { settingsOf } from './seed-settings.ts'
import { Server, settings as common, type Parts } from './server.ts'
import { TagLedger } from './tag-ledger.ts'
import { createHotTags, useHotTags } from './tag-writer.ts'
import { TrashLedger } from './trash-ledger.ts'
import { searchTrash, undone, undoTags, type Formerly } from './undoers.ts'
import { createClient, createWorkload } from './workload.ts'
import { deleteRepositories } from './whole-repositories.ts'
import { jobLease } from './working.ts'

export interface WorldFigures {
  readonly requests: number
  readonly acknowledged: number
  readonly turns: number
  readonly crashes: number
  readonly faults: number
  /** Simulated ms. */
  readonly time: number
  readonly interleavings: Interleavings
}

export interface Run {
  readonly seed: number
  readonly parts: Parts
  /** A file that is no database yet, in a folder of its own. */
  readonly databasePath: string
}

/** Told everything that happens, it says what promise was broken first. */
interface Judge {
  readonly violation: string | undefined
  listen(happening: Happening): void
}

/** So many requests of clients, then the faults end. */
const requestsOfARun = 560
/** More turns than a run takes that converges. */
const mostTurns = 60_000

/**
 * One seed: the whole core on simulated files, network, clock and faults, under clients that push, mount, index, read, tag
 * delete and undo, and a collector. Every choice depends on the seed alone.
 */
export class World {
  readonly scheduler: Scheduler
  readonly #faults
  readonly #happenings = createHappenings()
  readonly #disk = createSimulatedFileSystem()
  readonly #observer
  readonly #servers: Server[]
  readonly #network: Network
  readonly #ledger: Ledger
  readonly #tagLedger: TagLedger
  readonly #jobLedger: JobLedger
  readonly #settings: RegistrySettings
  readonly #judges: readonly Judge[]
  readonly #chaos: Chaos
  readonly #interleavings
  readonly #workload
  readonly #tags
  #requests = 0
  #over = false
  #failure: unknown

  constructor(run: Run) {
    const { seed, databasePath, parts } = run
    const happenings = this.#happenings
    const scheduler = (this.scheduler = new Scheduler(createRandom(seed, 'scheduler')))
    const faults = (this.#faults = createFaults(seed))
    const observer = (this.#observer = createObserver(databasePath))
    const outside = scheduler.begin('outside')
    const shared = faults.has.has('twoProcesses')
    const fail = (error: unknown): void => void (this.#failure ??= error)
    const settings = (this.#settings = settingsOf(seed, common))
    const deps = { fail, seed, parts, settings, scheduler, faults, happenings, observer, databasePath, shared, disk: this.#disk.fs }
    this.#servers = (shared ? ['1', '2'] : ['1']).map((name) => new Server(name, deps))
    const servers = this.#servers
    const network = (this.#network = new Network({ scheduler, faults, happenings, servers, outside }))
    const now = (): number => scheduler.now
    const unnamedFor = untaggedFor(settings) ?? Infinity
    const ledger = (this.#ledger = new Ledger({ now, lease: settings.lease, drain: settings.drain, unnamedFor }))
    this.#tagLedger = new TagLedger(now, undone)
    this.#jobLedger = new JobLedger({ now, lease: jobLease })
    const trouble = { possible: faults.names.includes('ioError') || faults.has.has('fullDisk') }
    this.#judges = [
      ledger,
      new Sessions({ now, expiry: settings.uploadExpiry }, trouble),
      new TrashLedger({ now, retention: settings.retention }),
      this.#jobLedger,
    ]
    happenings.listen((happening) => this.#check(happening))
    happenings.listen((happening) => this.#tagLedger.listen(happening))
    this.#interleavings = countInterleavings(observer)
    happenings.listen(this.#interleavings.listen)
    const calm = (): boolean => faults.calm
    const workload = (this.#workload = createWorkload({ seed, scheduler, network, outside, retention: settings.retention, over: () => this.#over, calm }))
    this.#tags = createHotTags(workload)
    this.#chaos = new Chaos({ ...deps, disk: this.#disk, network, servers, ledger, workload, inspect: () => this.#inspect() })
  }

  async run(): Promise<WorldFigures> {
    for (const server of this.#servers) await server.start()
    await this.#untilDone(this.#clients())
    await this.#untilCollected()
    await this.#untilDone([this.#readEverything()])
    this.#inspect()
    this.#judge()
    return {
      requests: this.#requests,
      acknowledged: this.#ledger.acknowledged,
      turns: this.scheduler.steps,
      crashes: this.#chaos.crashes,
      faults: this.#faults.struck,
      time: this.scheduler.passed,
      interleavings: this.#interleavings.counts,
    }
  }

  /** What only the end shows. */
  #judge(): void {
    const observer = this.#observer
    const ofTags = [this.#tags.judge() ?? [], this.#tagLedger.judge(observer.lifecycle.tagEvents(undone))].flat()
    const problems = [...ofTags, ...this.#jobLedger.judge(observer.lifecycle.jobs())]
    if (problems.length > 0) throw new Violation(problems.slice(0, 10).join('; '))
  }

  /** What this seed has of faults, for whoever reads of its failure. */
  get faults(): readonly string[] {
    return this.#faults.names
  }

  async end(): Promise<void> {
    for (const server of this.#servers) await server.kill()
    this.#observer.close()
  }

  #clients(): Promise<void>[] {
    const workload = this.#workload
    const formerly: Formerly = { images: [], aims: [] }
    return [
      ...['anna', 'ben', 'carla'].map((name) => pushImages(workload, name)),
      ...['dora', 'emil'].map((name) => useHotTags(workload, this.#tags, name)),
      ...['finn', 'gina'].map((name) => deleteThings(workload, name)),
      ...['hugo', 'ida'].map((name) => indexImages(workload, name)),
      ...['jan', 'kira'].map((name) => readImages(workload, name)),
      ...(workload.retention === 0
        ? [deleteThings(workload, 'lena'), readImages(workload, 'max')]
        : ['lena', 'max'].map((name) => searchTrash(workload, name))),
      askForJobs(workload, 'petra'),
      deleteRepositories(workload, 'quinn'),
      ...['nora', 'olaf'].map((name) => undoTags(workload, formerly, name)),
    ]
  }

  async #untilDone(work: Promise<void>[]): Promise<void> {
    let done = false
    const failed = (error: unknown): void => void (this.#failure ??= error)
    const all = Promise.all(work).then(() => void (done = true), failed)
    await this.scheduler.run(async () => {
      this.#throwFailure()
      if (this.scheduler.steps > mostTurns) throw new Violation(`not done after ${mostTurns} turns`)
      if (!this.#over && this.#network.sent >= requestsOfARun) await this.#calm()
      await this.#chaos.act()
      return done
    })
    this.#throwFailure()
    if (!done) throw new Violation('clients wait for something that never comes')
    await all
  }

  /** The faults end; from here on everything must come to a good end. */
  async #calm(): Promise<void> {
    this.#over = true
    this.#requests = this.#network.sent
    this.scheduler.note('the faults end')
    await this.#chaos.end()
  }

  /** Leases and the time in the trash end, and the collector takes what nothing holds: an index, what it lists, and what that consists of. */
  async #untilCollected(): Promise<void> {
    const { scheduler } = this
    const { lease, retention, untagged = 0 } = this.#settings
    const limit = scheduler.now + 6 * lease + 2 * (retention + untagged)
    let steps = 0
    await scheduler.run(() => {
      this.#throwFailure()
      if (++steps % 64 !== 0) return false
      if (scheduler.now > limit) throw new Violation(`left after a full collection: ${this.#observer.leftovers().slice(0, 10).join(', ')}`)
      return this.#observer.leftovers().length === 0
    })
    this.#throwFailure()
  }

  /** Everything that was acknowledged is asked for once more; the ledger knows what must be there. */
  async #readEverything(): Promise<void> {
    const client = createClient(this.#workload, 'zoe')
    const at = (): Promise<void> => Promise.resolve()
    for (const { repository, image } of this.#workload.pushed) {
      try {
        expectBytes(image.digest, await client.api.getManifest(repository, image.digest))
      } catch (error) {
        if (!isUnknown(error)) throw error
        continue
      }
      for (const digest of image.children) {
        try {
          expectBytes(digest, await client.api.getBlob(repository, digest, at))
        } catch (error) {
          if (!isUnknown(error)) throw error
        }
      }
    }
  }

  #check(happening: Happening): void {
    for (const judge of this.#judges) {
      judge.listen(happening)
      if (judge.violation !== undefined) this.#failure ??= new Violation(judge.violation)
    }
    if (happening.kind === 'end' && happening.outcome.was === 'failed' && happening.outcome.defect !== undefined) {
      this.#failure ??= happening.outcome.defect
    }
  }

  #inspect(): void {
    const [observer, ledger, { damaged }] = [this.#observer, this.#ledger, this.#chaos]
    const problems = inspect({ observer, ledger, files: this.#disk.files(), damaged })
    if (problems.length > 0) throw new Violation(`${problems.length} problems: ${problems.slice(0, 10).join('; ')}`)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
