import type { SegmentStore } from '../../storage/index.ts'
import { BrokenSegment, decodeSegment, type Segment, type SegmentHeader } from './segment-format.ts'

/** Segments as files: their names and the way to read them. */

const digits = 12
/** No segment is larger: it ends with the record that fills it, and no record is larger than a manifest may be. */
const largestSegment = 256 * 1024 * 1024

export const nameOf = (number: number): string => String(number).padStart(digits, '0')

/** The numbers of the segments that are there, ascending. Files with other names are no segments. */
export async function segmentNumbers(segments: SegmentStore): Promise<number[]> {
  const names = await segments.list()
  return names.filter((name) => name.length === digits && /^\d+$/.test(name)).map(Number)
}

/** Reads a segment and checks all of it. Fails with BrokenSegment, also when there is none. */
export async function readSegment(segments: SegmentStore, number: number): Promise<Segment> {
  const bytes = await segments.read(nameOf(number), largestSegment)
  if (bytes === undefined) throw new BrokenSegment('it is missing')
  const segment = decodeSegment(bytes)
  if (segment.header.number !== number) throw new BrokenSegment(`it is segment ${segment.header.number} under another name`)
  return segment
}

/** Where the next segment goes on. `header` is that of the last one; absent where a new chain begins. */
export interface ChainEnd {
  readonly next: number
  readonly oldest: number
  readonly header: SegmentHeader | undefined
  readonly checksum: string | undefined
  /** Why the segments that are there can't be gone on with. */
  readonly broken: string | undefined
}

/** Finds the end of the chain. Only its last segment is read; that none is missing is seen from the names. */
export async function findEnd(segments: SegmentStore, installation: string): Promise<ChainEnd> {
  const numbers = await segmentNumbers(segments)
  const last = numbers.at(-1)
  const place = { next: (last ?? 0) + 1, oldest: numbers[0] ?? 1 }
  const nothing = { ...place, header: undefined, checksum: undefined }
  if (last === undefined) return { ...nothing, broken: undefined }
  try {
    const { header, checksum } = await readSegment(segments, last)
    if (header.installation !== installation) throw new BrokenSegment(`it is of another installation, ${header.installation}`)
    const begin = Math.min(header.base ?? last, header.snapshot?.from ?? last)
    const missing = missingBetween(numbers, begin, last)
    if (missing !== undefined) return { ...nothing, broken: `segment ${nameOf(missing)}: it is missing` }
    return { ...place, header, checksum, broken: undefined }
  } catch (error) {
    if (!(error instanceof BrokenSegment)) throw error
    return { ...nothing, broken: `segment ${nameOf(last)}: ${error.message}` }
  }
}

function missingBetween(numbers: readonly number[], first: number, last: number): number | undefined {
  const present = new Set(numbers)
  for (let number = first; number <= last; number++) if (!present.has(number)) return number
  return undefined
}
