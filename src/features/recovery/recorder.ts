import type { Database, Reads } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { createEventFeed, isPositionOf, startingPosition, type EventFeed } from '../../record/index.ts'
import type { SegmentStore } from '../../storage/index.ts'
import { findEnd, nameOf, segmentNumbers } from './chain.ts'
import { changedRecords } from './changed-records.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import { encodeRecord, encodeSegment, type SegmentHeader } from './segment-format.ts'
import { firstPage, recordsAfter } from './snapshot-page.ts'

export interface RecorderDeps {
  readonly database: Pick<Database, 'installation' | 'snapshot'>
  readonly segments: SegmentStore
  readonly clock: Clock
  /** Told when the segments that are there can't be gone on with, and a new snapshot begins. */
  readonly onBroken: (reason: string) => void
  readonly sizes?: RecorderSizes
}

/** In bytes. */
export interface RecorderSizes {
  /** A segment ends with the record that fills it. */
  readonly segment: number
  /** What one step writes of a snapshot that is under way. */
  readonly page: number
  /** What a segment counts at least in the weight of the tail, so that many small ones are replaced in time. */
  readonly least: number
  /** The tail may grow to the size of the snapshot before it, or to this. */
  readonly tail: number
}

const usualSizes: RecorderSizes = {
  segment: 8 * 1024 * 1024,
  page: 4 * 1024 * 1024,
  least: 64 * 1024,
  tail: 64 * 1024 * 1024,
}

/** Writes down what the registry holds, so that it can be brought back when the database is lost. One call at a time. */
export interface Recorder {
  /**
   * Writes what has changed since the last call, and a page of a snapshot where one is due or under way. Answers whether there
   * is more to do before anything can be restored. After a failure the next call begins with what the store has.
   */
  record(): Promise<'done' | 'more'>
  /** Ms since the moment up to which every commit is in the segments; undefined before the first one. */
  lag(): number | undefined
}

export function createRecorder(deps: RecorderDeps): Recorder {
  return Object.freeze(new SegmentRecorder(deps))
}

type State = Pick<SegmentHeader, 'base' | 'snapshot' | 'size' | 'position'>

/** The chain as it is in the store. */
interface Chain {
  next: number
  oldest: number
  previous: string | null
  state: State
  feed: EventFeed
}

class SegmentRecorder implements Recorder {
  readonly #deps: RecorderDeps
  readonly #sizes: RecorderSizes
  readonly #progress: { chain: Chain | undefined; current: number | undefined } = { chain: undefined, current: undefined }

  constructor(deps: RecorderDeps) {
    this.#deps = deps
    this.#sizes = deps.sizes ?? usualSizes
  }

  lag(): number | undefined {
    const { current } = this.#progress
    return current === undefined ? undefined : this.#deps.clock.monotonic() - current
  }

  async record(): Promise<'done' | 'more'> {
    const begun = this.#deps.clock.monotonic()
    const { chain: known } = this.#progress
    // Until this call has succeeded nothing of what is in memory is known to be in the store.
    this.#progress.chain = undefined
    const chain = known ?? (await this.#openChain())
    const { batch, state } = await this.#deps.database.snapshot((moment) => this.#readMoment(chain, moment))
    if (batch.records.length > 0 || state.snapshot !== chain.state.snapshot || state.base !== chain.state.base) {
      await this.#write(chain, batch, state, false)
    }
    await this.#deleteOld(chain)
    this.#progress.chain = chain
    if (chain.state.base === null) return 'more'
    this.#progress.current = begun
    return 'done'
  }

  async #openChain(): Promise<Chain> {
    const { segments, database, onBroken } = this.#deps
    const end = await findEnd(segments, database.installation)
    if (end.broken !== undefined) onBroken(end.broken)
    const { header } = end
    const fits = header !== undefined && (await database.snapshot((moment) => isPositionOf(moment, header.position)))
    if (header !== undefined && fits) {
      const feed = createEventFeed(header.position)
      return { next: end.next, oldest: end.oldest, previous: end.checksum ?? null, state: header, feed }
    }
    if (header !== undefined) onBroken('the database is not the one that the segments were written from, or an older copy of it')
    const position = await database.snapshot(startingPosition)
    const state: State = { base: null, snapshot: null, size: { snapshot: 0, tail: 0 }, position }
    return { next: end.next, oldest: end.oldest, previous: null, state, feed: createEventFeed(position) }
  }

  /** Reads what one moment shows: what changed, and a page of the snapshot. What fills a segment is written on the way. */
  async #readMoment(chain: Chain, moment: Reads): Promise<{ batch: Batch; state: State }> {
    let batch = createBatch(this.#deps.clock.now())
    const said = new Set<string>()
    for await (const events of chain.feed.read(moment)) {
      for await (const record of changedRecords(moment, events)) {
        const name = `${record.kind} ${record.key.join(' ')}`
        if (said.has(name)) continue
        said.add(name)
        if (batch.size >= this.#sizes.segment) {
          await this.#write(chain, batch, chain.state, true)
          batch = createBatch(batch.at)
        }
        batch.add(record)
      }
      // Requests have their turn: on SQLite these reads run in the thread that serves.
      await this.#deps.clock.sleep(0)
    }
    return { batch, state: await this.#continueSnapshot(chain, moment, batch) }
  }

  /** Adds a page when a snapshot is due or under way. Answers what holds once the batch is written. */
  async #continueSnapshot(chain: Chain, moment: Reads, batch: Batch): Promise<State> {
    const { base, size } = chain.state
    const position = chain.feed.position()
    const weight = batch.size === 0 ? 0 : Math.max(batch.size, this.#sizes.least)
    const grown = { ...size, tail: size.tail + weight }
    const due = base === null || grown.tail > Math.max(size.snapshot, this.#sizes.tail)
    const under = chain.state.snapshot ?? (due ? { from: chain.next, after: firstPage, size: 0, tail: 0 } : null)
    if (under === null) return { base, snapshot: null, size: grown, position }
    const full = batch.size + this.#sizes.page
    let { after } = under
    let ended = true
    const before = batch.size
    for await (const paged of recordsAfter(moment, after)) {
      if (batch.size >= full) {
        ended = false
        break
      }
      batch.add(paged.record)
      after = paged.after
      if (batch.records.length % 200 === 0) await this.#deps.clock.sleep(0)
    }
    const written = { from: under.from, after, size: under.size + batch.size - before, tail: under.tail + weight }
    if (!ended) return { base, snapshot: written, size: grown, position }
    return { base: written.from, snapshot: null, size: { snapshot: written.size, tail: written.tail }, position }
  }

  async #write(chain: Chain, batch: Batch, state: State, more: boolean): Promise<void> {
    const number = chain.next
    const { base, snapshot, size, position } = state
    const { installation } = this.#deps.database
    const header = { format: 1 as const, installation, number, previous: chain.previous, base, at: batch.at, more, position, snapshot, size }
    const { bytes, checksum } = encodeSegment(header, batch.records)
    await this.#deps.segments.put(nameOf(number), bytes)
    chain.next = number + 1
    chain.previous = checksum
    chain.state = state
  }

  /** What the snapshot has made superfluous. */
  async #deleteOld(chain: Chain): Promise<void> {
    const { base } = chain.state
    if (base === null || chain.oldest >= base) return
    for (const number of await segmentNumbers(this.#deps.segments)) {
      if (number < base) await this.#deps.segments.delete(nameOf(number))
    }
    chain.oldest = base
  }
}

/** Records of one moment, for one segment. */
interface Batch {
  readonly at: number
  readonly records: readonly Uint8Array[]
  readonly size: number
  add(record: RecoveryRecord): void
}

function createBatch(at: number): Batch {
  const records: Uint8Array[] = []
  let size = 0
  return {
    at,
    records,
    get size() {
      return size
    },
    add(record) {
      const bytes = encodeRecord(record)
      records.push(bytes)
      size += bytes.length
    },
  }
}
