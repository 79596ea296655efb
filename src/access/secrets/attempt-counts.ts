import type { Clock } from '../../lib/index.ts'

/** Where wrong attempts are counted: all threads of a process are given the same, so that an attacker has no more attempts with more of them. */
export interface AttemptMemory {
  readonly networks: SharedArrayBuffer
  readonly names: SharedArrayBuffer
}

export interface Count {
  readonly wrong: number
  /** When the last one was begun, in ms since the epoch. */
  readonly last: number
}

/** Counts by key. What was not counted for an hour is as if it had never been. */
export interface AttemptCounts {
  read(key: string): Count | undefined
  /** Counts one more. Answers what takes it back; with a time, of the one before it: unless others were counted since. */
  add(key: string): (last?: number) => void
  forget(key: string): void
}

const buckets = 4096
/** Keys in a bucket: a further one takes the place of the one that was counted last the longest ago. */
const ways = 8
const entries = buckets * ways
const bytesOfEntry = Float64Array.BYTES_PER_ELEMENT + 2 * Int32Array.BYTES_PER_ELEMENT

/** After so long without one, earlier wrong attempts are forgotten. */
const forgetAfter = 60 * 60_000

/** A megabyte. */
export function createAttemptMemory(): AttemptMemory {
  const table = (): SharedArrayBuffer => new SharedArrayBuffer(entries * bytesOfEntry)
  return { networks: table(), names: table() }
}

/** The entries of a table, by their slots. */
function createTable(memory: SharedArrayBuffer) {
  const times = new Float64Array(memory, 0, entries)
  /** Of which key an entry is; 0 of none. */
  const tags = new Int32Array(memory, times.byteLength, entries)
  const wrong = new Int32Array(memory, times.byteLength + tags.byteLength, entries)
  const tagAt = (slot: number): number => Atomics.load(tags, slot)
  const timeAt = (slot: number): number => times[slot] ?? 0
  const setTime = (slot: number, time: number): void => void (times[slot] = time)

  function begin(slot: number, tag: number): void {
    Atomics.store(wrong, slot, 0)
    Atomics.store(tags, slot, tag)
  }

  return {
    tagAt,
    timeAt,
    setTime,
    begin,
    wrongAt: (slot: number): number => Atomics.load(wrong, slot),
    /** Answers how many there were before. */
    add: (slot: number, count: number): number => Atomics.add(wrong, slot, count),
    empty: (slot: number): void => {
      begin(slot, 0)
      setTime(slot, 0)
    },
    /** Empty ones first. */
    oldestOf: (slots: readonly number[]): number => {
      const since = (slot: number): number => (tagAt(slot) === 0 ? -1 : timeAt(slot))
      return slots.reduce((oldest, each) => (since(each) < since(oldest) ? each : oldest))
    },
    isOver: (slot: number, now: number): boolean => {
      // A clock that was set back makes nobody wait for longer than from now on.
      if (timeAt(slot) > now) setTime(slot, now)
      return now - timeAt(slot) >= forgetAfter
    },
  }
}

/**
 * @param salt that nobody outside knows: whoever could tell which keys meet in a bucket could have a count of theirs forgotten with eight
 * attempts in place of some ten thousand
 */
export function createAttemptCounts(memory: SharedArrayBuffer, salt: string, clock: Pick<Clock, 'now'>): AttemptCounts {
  const table = createTable(memory)

  function placeOf(key: string) {
    const hash = BigInt(Bun.hash(`${salt} ${key}`))
    const first = Number(hash % BigInt(buckets)) * ways
    const tag = Number(BigInt.asIntN(32, hash >> 32n)) | 1
    const slots = Array.from({ length: ways }, (_, way) => first + ((way + tag + ways) & (ways - 1)))
    return { tag, slots, found: slots.find((slot) => table.tagAt(slot) === tag) }
  }

  return Object.freeze<AttemptCounts>({
    read: (key) => {
      const { found } = placeOf(key)
      if (found === undefined || table.isOver(found, clock.now())) return undefined
      return { wrong: table.wrongAt(found), last: table.timeAt(found) }
    },
    add: (key) => {
      const { tag, slots, found } = placeOf(key)
      const now = clock.now()
      const slot = found ?? table.oldestOf(slots)
      if (found === undefined || table.isOver(slot, now)) table.begin(slot, tag)
      const made = table.add(slot, 1) + 1
      table.setTime(slot, now)
      return (last) => {
        if (table.tagAt(slot) !== tag) return
        const counted = table.add(slot, -1)
        // A flood of attempts that cost their sender nothing leaves nothing behind that would push out what is known of others.
        if (counted <= 1) table.empty(slot)
        // The time of another attempt stays: whoever sends two at once would else wait for neither.
        else if (last !== undefined && counted === made && table.timeAt(slot) === now) table.setTime(slot, last)
      }
    },
    forget: (key) => {
      const { found } = placeOf(key)
      if (found !== undefined) table.empty(found)
    },
  })
}
