import { isOutside, type Principal } from '../../access/index.ts'
import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { createReadCounter, type Metric } from '../../observe/index.ts'
import type { Actor, Meter } from '../../registry/index.ts'
import { type ActorKind, recordUsage, type UsageBatch, type UsedRow } from './usage-transactions.ts'

/** Counts what is used in one thread, and writes it down in batches. */
export interface UsageMeter extends Meter {
  readonly metrics: readonly Metric[]
  /** Writes what is left. */
  close(): Promise<void>
}

export interface MeterDeps {
  readonly database: Database
  readonly clock: Clock
  /** Names this thread; no other one has the name, also after a start. */
  readonly writer: string
  /** A batch could not be written: it is tried again. */
  readonly onError: (error: unknown) => void
}

/** Ms between two batches: a kill loses no more than that. */
const interval = 5_000
const hour = 3_600_000

/** What memory holds between two batches: pairs of a repository and a caller, manifests asked for. More of them are dropped. */
const mostPairs = 10_000
const mostAsked = 10_000
/** Manifests of which it is known that this hour is written. When there are more, all are forgotten, and written again in vain. */
const mostKnown = 50_000
/** Rows of each kind in one transaction: what takes longer holds up pushes. */
const chunk = 250

export function createMeter(deps: MeterDeps): UsageMeter {
  const notes = new Notes(deps)
  const metrics = [createReadCounter('berth_usage_dropped_total', 'Uses that are in no count: too many different ones came at once, or the database was away when the server ended.', () => notes.dropped)]
  return Object.freeze<UsageMeter>({
    asked: (repository, digest) => notes.asked(repository, digest),
    pulledManifest: (actor, repository, digest, bytes) => {
      notes.asked(repository, digest)
      notes.pulled(actor, repository, 1, bytes)
    },
    pulledBlob: (actor, repository, bytes) => notes.pulled(actor, repository, 0, bytes),
    pushedManifest: (actor, repository, bytes) => notes.pushed(actor, repository, 1, bytes),
    pushedBlob: (actor, repository, bytes) => notes.pushed(actor, repository, 0, bytes),
    metrics: Object.freeze(metrics),
    close: () => notes.close(),
  })
}

interface Counts {
  pulls: number
  pulledBytes: number
  pushes: number
  pushedBytes: number
}

/** Each call looks up two numbers and adds, and what the call before it found is at hand: that is what every pull pays. */
class Notes {
  dropped = 0
  readonly #deps: MeterDeps
  readonly #stopping = new AbortController()
  #counts = new Map<number, Map<number, Counts>>()
  #pairs = 0
  #repository = 0
  #caller = 0
  #latest: Counts | undefined
  readonly #known = new Map<number, Set<string>>()
  #knownCount = 0
  #hour = 0
  #toWrite: (readonly [number, string])[] = []
  /** Cut already: sent again as they are until they are written. */
  readonly #batches: UsageBatch[] = []
  #batch = 0
  #running: Promise<void> | undefined

  constructor(deps: MeterDeps) {
    this.#deps = deps
  }

  asked(repository: number, digest: string): void {
    const known = this.#known.get(repository)
    if (known?.has(digest) !== true) this.#ask(repository, digest, known)
    this.#running ??= this.#run()
  }

  pulled({ principal }: Actor, repository: number, manifests: number, bytes: number): void {
    const counts = this.#countsOf(principal, repository)
    if (counts === undefined) return void this.dropped++
    counts.pulls += manifests
    counts.pulledBytes += bytes
  }

  pushed({ principal }: Actor, repository: number, manifests: number, bytes: number): void {
    const counts = this.#countsOf(principal, repository)
    if (counts === undefined) return void this.dropped++
    counts.pushes += manifests
    counts.pushedBytes += bytes
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    // What came while the last batch was written. Where that failed, the database is away.
    if (this.#batches.length === 0) await this.#write()
    for (const { used, asked } of this.#batches) this.dropped += used.length + asked.length
  }

  #ask(repository: number, digest: string, known: Set<string> | undefined): void {
    if (this.#toWrite.length >= mostAsked) return void this.dropped++
    this.#toWrite.push([repository, digest])
    if (this.#knownCount >= mostKnown) this.#forget()
    if (known === undefined || this.#knownCount === 0) this.#known.set(repository, new Set([digest]))
    else known.add(digest)
    this.#knownCount++
  }

  #countsOf(principal: object | undefined, repository: number): Counts | undefined {
    const caller = callerKey(principal)
    if (repository === this.#repository && caller === this.#caller && this.#latest !== undefined) return this.#latest
    let callers = this.#counts.get(repository)
    let counts = callers?.get(caller)
    if (counts === undefined) {
      if (this.#pairs >= mostPairs) return undefined
      counts = { pulls: 0, pulledBytes: 0, pushes: 0, pushedBytes: 0 }
      if (callers === undefined) this.#counts.set(repository, (callers = new Map()))
      callers.set(caller, counts)
      this.#pairs++
      this.#running ??= this.#run()
    }
    this.#repository = repository
    this.#caller = caller
    this.#latest = counts
    return counts
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps
    do {
      await clock.sleep(interval, this.#stopping.signal).catch(() => undefined)
      await this.#write()
    } while (!this.#stopping.signal.aborted && (this.#batches.length > 0 || this.#pairs > 0 || this.#toWrite.length > 0))
    this.#running = undefined
  }

  async #write(): Promise<void> {
    const { database, clock, onError } = this.#deps
    const now = Math.floor(clock.now() / hour)
    if (now !== this.#hour) this.#forget()
    this.#hour = now
    if (this.#batches.length === 0) this.#cut()
    try {
      for (let next = this.#batches[0]; next !== undefined; next = this.#batches[0]) {
        await database.transact(recordUsage, next)
        this.#batches.shift()
      }
    } catch (error) {
      onError(error)
    }
  }

  #forget(): void {
    this.#known.clear()
    this.#knownCount = 0
  }

  #cut(): void {
    const used = [...this.#counts].flatMap(([repository, callers]) => [...callers].map(([key, counts]) => rowOf(repository, key, counts)))
    const asked = this.#toWrite
    this.#counts = new Map()
    this.#pairs = 0
    this.#latest = undefined
    this.#toWrite = []
    for (let at = 0; at < Math.max(used.length, asked.length); at += chunk) {
      const part = { used: used.slice(at, at + chunk), asked: asked.slice(at, at + chunk) }
      this.#batches.push({ writer: this.#deps.writer, batch: ++this.#batch, ...part })
    }
  }
}

const kinds: readonly ActorKind[] = ['anonymous', 'account', 'robot', 'outside']

/** The id and the kind as one number: the name of whoever it is plays no part. */
function callerKey(principal: object | undefined): number {
  if (principal === undefined) return 0
  if (isOutside(principal)) return 3
  const { kind, id } = principal as Principal
  return id * 4 + (kind === 'account' ? 1 : 2)
}

function rowOf(repository: number, key: number, { pulls, pulledBytes, pushes, pushedBytes }: Counts): UsedRow {
  return { repository, actor: kinds[key % 4] ?? 'anonymous', actorId: Math.floor(key / 4), sums: [pulls, pulledBytes, pushes, pushedBytes] }
}
