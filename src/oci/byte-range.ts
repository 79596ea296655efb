/** Bytes `start` to `end`, both inclusive and counted from 0, as on the wire. Never empty. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** `whole`: answer 200 with everything. `range`, `ranges`: 206, in parts where there are two or more. `unsatisfiable`: 416 that names the size. */
export type RangeRequest =
  | { readonly kind: 'whole' }
  | { readonly kind: 'range'; readonly range: ByteRange }
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

const whole: RangeRequest = Object.freeze({ kind: 'whole' })
const unsatisfiable: RangeRequest = Object.freeze({ kind: 'unsatisfiable' })

/** As many as containers/storage asks for at once when it pulls the missing files of a zstd:chunked layer. */
const mostRanges = 1024

/**
 * Reads a `Range` header (RFC 9110, section 14.2) against an object of `size` bytes. Other units and what cannot be read are
 * ignored, as the RFC allows; a last byte before the first (`500-0`) is unsatisfiable, as conformance wants. An object of no
 * bytes is always sent whole: some clients ask every object for a range.
 *
 * Several ranges keep their order, without those that lie outside. Too many of them, or some that overlap, are ignored like
 * what cannot be read (section 17.15): then no answer has more content than the object, however often a client names it.
 */
export function parseRange(header: string | null, size: number): RangeRequest {
  const match = header === null ? null : /^\s*bytes\s*=(.*)$/i.exec(header)
  if (match === null || size === 0) return whole
  const items = (match[1] ?? '').split(',', mostRanges + 1)
  if (items.length > mostRanges) return whole
  const ranges: ByteRange[] = []
  for (const item of items) {
    const found = parseItem(item, size)
    if (found === 'unreadable') return whole
    if (found !== 'outside') ranges.push(found)
  }
  const [range] = ranges
  if (range === undefined) return unsatisfiable
  if (ranges.length === 1) return { kind: 'range', range }
  return overlap(ranges) ? whole : { kind: 'ranges', ranges }
}

function parseItem(item: string, size: number): ByteRange | 'outside' | 'unreadable' {
  const match = /^\s*(\d*)-(\d*)\s*$/.exec(item)
  if (match === null) return 'unreadable'
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? 'unreadable' : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start > end ? 'outside' : { start, end }
}

/** The last `length` bytes, or all of them when there are fewer. */
function suffix(length: number, size: number): ByteRange | 'outside' {
  return length === 0 ? 'outside' : { start: Math.max(0, size - length), end: size - 1 }
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.start - b.start)
  return sorted.some(({ start }, index) => start <= (sorted[index - 1]?.end ?? -1))
}
