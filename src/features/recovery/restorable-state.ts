import type { SegmentStore } from '../../storage/index.ts'
import { nameOf, readSegment, segmentNumbers } from './chain.ts'
import { RecoveryError } from './recovery-error.ts'
import { BrokenSegment, type SegmentHeader } from './segment-format.ts'

/** The segments `first` to `last` say the state of one moment. All of them were read and are whole. */
export interface RestorableState {
  readonly installation: string
  readonly first: number
  readonly last: number
  /** The moment, in ms since the epoch. */
  readonly at: number
  /** Set when a newer state can't be restored: the segment that is damaged, and why. */
  readonly damage: Damage | undefined
}

export interface Damage {
  readonly segment: string
  readonly reason: string
}

interface Checked {
  readonly header: SegmentHeader
  readonly checksum: string
}

/**
 * Finds the newest state that the segments hold. Every segment it needs is read and checked: one that is damaged or missing is
 * never passed over, so what comes after it does not count.
 * @throws RecoveryError `nothing-recorded`, or `segments-lost` when damage leaves no state at all
 */
export async function findRestorableState(segments: SegmentStore): Promise<RestorableState> {
  const numbers = await segmentNumbers(segments)
  const check = createCheck(segments)
  let damage: Damage | undefined
  for (const last of numbers.toReversed()) {
    const end = await check(last)
    if ('reason' in end) damage ??= end
    // Part of a moment, or of a first snapshot: what was there before is the state.
    if ('reason' in end || end.header.more || end.header.base === null) continue
    const broken = await brokenLink(end.header.base, last, check)
    if (broken === undefined) {
      const { installation, at } = end.header
      return { installation, first: end.header.base, last, at, damage }
    }
    damage ??= broken
  }
  if (damage === undefined) throw new RecoveryError('nothing-recorded', 'no recovery segments hold a state of the registry')
  throw new RecoveryError('segments-lost', `segment ${damage.segment} can't be used (${damage.reason}), and no older state is whole`, { ...damage })
}

type Check = (number: number) => Promise<Checked | Damage>

/** Each segment is read once; of most only the header stays in memory. */
function createCheck(segments: SegmentStore): Check {
  const seen = new Map<number, Checked | Damage>()
  return async (number) => {
    const known = seen.get(number)
    if (known !== undefined) return known
    const found = await look(segments, number)
    seen.set(number, found)
    return found
  }
}

async function look(segments: SegmentStore, number: number): Promise<Checked | Damage> {
  try {
    const { header, checksum } = await readSegment(segments, number)
    return { header, checksum }
  } catch (error) {
    if (error instanceof BrokenSegment) return { segment: nameOf(number), reason: error.message }
    throw error
  }
}

async function brokenLink(first: number, last: number, check: Check): Promise<Damage | undefined> {
  let before: Checked | undefined
  for (let number = first; number <= last; number++) {
    const found = await check(number)
    if ('reason' in found) return found
    const { previous, installation } = found.header
    if (before !== undefined && (previous !== before.checksum || installation !== before.header.installation)) {
      return { segment: nameOf(number), reason: 'it does not continue the segment before it' }
    }
    before = found
  }
  return undefined
}
