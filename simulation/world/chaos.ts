import type { SimulatedFileSystem } from '../../src/storage/filesystem/simulated-file-system.testing.ts'
import { parseDigest, type Digest } from '../../src/oci/index.ts'
import { createRandom, type Random } from '../rig/random.ts'
import { healUnseen, readDamaged } from './damage.ts'
import type { Faults } from './faults.ts'
import type { Call, Happening, Happenings } from './happening.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import type { Observer } from './observer.ts'
import type { Scheduler } from './scheduler.ts'
import { storeRoot, type Server } from './server.ts'
import type { Workload } from './workload.ts'

export interface ChaosDeps {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly happenings: Happenings
  readonly network: Network
  readonly servers: readonly Server[]
  readonly disk: SimulatedFileSystem
  readonly observer: Observer
  readonly ledger: Ledger
  readonly workload: Workload
  /** Looks at everything after a crash. */
  readonly inspect: () => void
  /** Something went wrong that no fault explains. */
  readonly fail: (error: unknown) => void
}

/** Something that is to happen between two turns. */
interface Plan {
  readonly step: number
  readonly act: () => void | Promise<void>
}

const minute = 60_000

/**
 * What befalls a machine: crashes, full disks, suspensions, damaged files. It strikes where it hurts: shortly after something
 * began that takes several steps. Each run has at least one crash, after so many requests.
 */
export class Chaos {
  readonly damaged = new Set<string>()
  readonly #deps: ChaosDeps
  readonly #random: Random
  readonly #unseen: Random
  readonly #plans: Plan[] = []
  readonly #surely: number
  #crashes = 0

  constructor(deps: ChaosDeps) {
    this.#deps = deps
    this.#random = createRandom(deps.seed, 'chaos')
    this.#unseen = createRandom(deps.seed, 'unseen damage')
    this.#surely = this.#random.between(60, 240)
    deps.happenings.listen((happening) => this.#watch(happening))
  }

  get crashes(): number {
    return this.#crashes
  }

  /** Does what is due before the next turn. */
  async act(): Promise<void> {
    const { scheduler, faults, network } = this.#deps
    if (faults.calm) return
    if (this.#crashes === 0 && network.sent >= this.#surely) await this.#crash(this.#random.pick(this.#deps.servers))
    for (let i = this.#plans.findIndex(({ step }) => step <= scheduler.steps); i !== -1; ) {
      const [plan] = this.#plans.splice(i, 1)
      await plan?.act()
      i = this.#plans.findIndex(({ step }) => step <= scheduler.steps)
    }
  }

  /** From now on nothing goes wrong any more. */
  async end(): Promise<void> {
    const { faults, servers } = this.#deps
    faults.calm = true
    faults.full = false
    this.#plans.length = 0
    for (const server of servers) if (server.ports === undefined) await server.start()
  }

  #atOnce(act: Plan['act']): void {
    this.#plans.push({ step: this.#deps.scheduler.steps, act })
  }

  #soon(most: number, act: Plan['act']): void {
    this.#plans.push({ step: this.#deps.scheduler.steps + this.#random.between(0, most), act })
  }

  #watch(happening: Happening): void {
    const { faults } = this.#deps
    if (faults.calm) return
    const { kind, process } = happening
    const chance = (probability: number): boolean => this.#random.chance(probability)
    if (kind === 'file' && happening.op === 'rename' && chance(0.05)) this.#soon(3, () => this.#crashOf(process))
    if (kind === 'transaction' && happening.outcome === 'ok' && chance(0.004)) this.#soon(0, () => this.#crashOf(process))
    if (kind === 'begin' && happening.call.operation === 'upload.finish' && faults.has.has('stall') && chance(0.3)) {
      this.#soon(12, () => this.#stall())
    }
    if (kind === 'begin' && faults.has.has('fullDisk') && chance(0.005)) this.#soon(5, () => this.#fill())
    if (kind === 'end' && happening.call.operation === 'blob.head') this.#watchHead(happening.call, happening.outcome.was === 'ok')
    if (kind === 'end' && happening.call.operation === 'blob.get' && happening.outcome.was === 'ok') this.#watchRead(happening.call)
  }

  /** What a HEAD said is there gets damaged; what it said is gone is pushed next, and collected meanwhile. */
  #watchHead({ keys: { repository, digest } }: Call, there: boolean): void {
    const { faults, servers } = this.#deps
    if (repository === undefined || digest === undefined) return
    if (!there && this.#random.chance(0.8)) this.#soon(20, () => servers.forEach((server) => server.poke()))
    if (there && faults.has.has('damage') && this.#random.chance(0.25)) this.#soon(10, () => this.#damage(repository, parseDigest(digest)))
  }

  /** What was served just now is known to the process; behind its back the file changes. */
  #watchRead({ keys: { repository, digest } }: Call): void {
    if (repository === undefined || digest === undefined || !this.#deps.faults.has.has('damage')) return
    if (this.#unseen.chance(0.5)) this.#atOnce(() => this.#damageUnseen(repository, parseDigest(digest)))
  }

  async #crashOf(name: string): Promise<void> {
    const server = this.#deps.servers.find((one) => one.name === name)
    if (server !== undefined) await this.#crash(server)
  }

  async #crash(server: Server): Promise<void> {
    const { faults, servers, disk } = this.#deps
    const power = faults.has.has('powerCut') && this.#random.chance(0.5)
    const dying = (power ? servers : [server]).filter(({ ports }) => ports !== undefined)
    if (dying.length === 0) return
    this.#crashes++
    for (const each of dying) await this.#kill(each, power)
    if (power) disk.powerCut(this.#random.pick(['synced', 'all']))
    this.#deps.inspect()
    for (const each of dying) this.#soon(30, () => each.start())
  }

  async #kill(server: Server, power: boolean): Promise<void> {
    const { scheduler, happenings, network } = this.#deps
    const { life } = server
    if (life === undefined) return
    scheduler.note(`${power ? 'the power of' : 'the process'} ${server.name} ends`)
    happenings.tell({ kind: 'crash', power, process: server.name, step: scheduler.steps })
    await server.kill()
    network.cut(life)
  }

  #stall(): void {
    const { scheduler } = this.#deps
    const minutes = this.#random.pick([1, 6, 16, 31, 61])
    scheduler.note(`everything is held up for ${minutes} minutes`)
    scheduler.pass(minutes * minute)
  }

  #fill(): void {
    const { faults, scheduler } = this.#deps
    if (faults.full) return
    scheduler.note('the disk is full')
    faults.full = true
    this.#plans.push({ step: scheduler.steps + this.#random.between(20, 120), act: () => void (faults.full = false) })
  }

  /** A file loses its end. */
  async #damage(repository: string, digest: Digest): Promise<void> {
    const { workload, fail } = this.#deps
    const found = this.#fileOf(digest)
    if (found === undefined) return
    await this.#cutOff(digest, found.path, this.#random.below(found.size))
    if (this.#random.chance(0.8)) readDamaged(workload, repository, digest).catch(fail)
  }

  /** The same to a file that the process has just served; it is pushed elsewhere before anybody notices. */
  async #damageUnseen(repository: string, digest: Digest): Promise<void> {
    const { workload, fail } = this.#deps
    const found = this.#fileOf(digest)
    if (found === undefined) return
    await this.#cutOff(digest, found.path, this.#unseen.below(found.size))
    healUnseen(workload, repository, digest).catch(fail)
  }

  #fileOf(digest: string): { readonly path: string; readonly size: number } | undefined {
    const { observer } = this.#deps
    const holder = observer.blobs().find((blob) => blob.digest === digest)
    const object = observer.objects().find(({ id, state }) => id === holder?.object_id && state === 'live')
    return holder === undefined || object === undefined ? undefined : { path: `${storeRoot}/${object.key}`, size: holder.size }
  }

  async #cutOff(digest: string, path: string, kept: number): Promise<void> {
    const { disk, scheduler, ledger } = this.#deps
    scheduler.note(`the file of ${digest} is damaged`)
    this.damaged.add(digest)
    ledger.damaged(digest, scheduler.steps)
    const file = await disk.fs.open(path, 'write')
    await file.truncate(kept)
  }
}
