import type { Footprint, Place } from './footprint.ts'

/** Something one side did or is about to do. `ends`: it gives its locks back; a commit also makes visible what was written. */
export interface Step {
  readonly side: Side
  readonly kind: 'statement' | 'commit' | 'rollback'
  /** Of a statement its own; of an end that of the whole transaction. */
  readonly footprint: Footprint
  readonly text: string
}

export type Side = 0 | 1

export type Dependent = (a: Step, b: Step) => boolean

export const otherSide = (side: Side): Side => (side === 0 ? 1 : 0)

/**
 * Whether two steps of different sides may do something else when they change places.
 *
 * Under READ COMMITTED a statement sees what was committed when it began, and nothing of a transaction that is still running.
 * So two statements meet only in rows that both lock and that not both merely share; what one reads and the other writes does
 * not matter until the COMMIT. A COMMIT meets every statement that reads what it makes visible, and every one that might
 * wait for the locks it gives back; a ROLLBACK only the latter. Two ends never meet: each gives back its own.
 *
 * Numbers from sequences depend on the order of statements that meet nowhere else, but nothing here decides by them: the
 * ids of new rows only have to differ, and results are compared by digests and paths.
 */
export function dependent(a: Step, b: Step): boolean {
  if (a.kind !== 'statement' && b.kind !== 'statement') return false
  if (mayBlock(a.footprint, b.footprint)) return true
  return revealed(a, b) || revealed(b, a)
}

/** The same where it matters which of the two was acknowledged first, not only what is left in the rows. */
export const dependentInTime: Dependent = (a, b) => (a.kind === 'commit' && b.kind === 'commit') || dependent(a, b)

/** The few footprints there are meet in every schedule: what comes of two of them is found out once. */
function once<T extends object | boolean>(of: (a: Footprint, b: Footprint) => T): (a: Footprint, b: Footprint) => T {
  const known = new WeakMap<Footprint, WeakMap<Footprint, T>>()
  return (a, b) => {
    const withA = known.get(a) ?? new WeakMap<Footprint, T>()
    known.set(a, withA)
    const found = withA.get(b) ?? of(a, b)
    withA.set(b, found)
    return found
  }
}

/** Whether one of them could have to wait for the other. */
export const mayBlock = once((a, b) => excludes(a, b) || excludes(b, a))

function excludes(a: Footprint, b: Footprint): boolean {
  const wanted = [b.locks, b.writes, b.shares]
  return wanted.some((places) => meet(a.locks, places) || meet(a.writes, places))
}

function revealed(end: Step, statement: Step): boolean {
  return end.kind === 'commit' && shows(end.footprint, statement.footprint)
}

const shows = once((committed, seeing) => meet(committed.writes, seeing.reads))

/** A table contains each of its rows. */
function meet(places: ReadonlySet<Place>, others: ReadonlySet<Place>): boolean {
  for (const place of places) {
    if (others.has(place)) return true
    for (const other of others) {
      if (place.startsWith(`${other}(`) || other.startsWith(`${place}(`)) return true
    }
  }
  return false
}

export const nothing: Footprint = { reads: new Set(), shares: new Set(), locks: new Set(), writes: new Set() }

export const united = once<Footprint>((a, b) => ({
  reads: new Set([...a.reads, ...b.reads]),
  shares: new Set([...a.shares, ...b.shares]),
  locks: new Set([...a.locks, ...b.locks]),
  writes: new Set([...a.writes, ...b.writes]),
}))
