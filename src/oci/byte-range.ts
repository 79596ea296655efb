/** Bytes `start` to `end`, both inclusive and counted from 0, as on the wire. Never empty. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** `whole`: answer 200 with everything. `range`: 206. `unsatisfiable`: 416 that names the size. */
export type RangeRequest =
  | { readonly kind: 'whole' }
  | { readonly kind: 'range'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' }

const whole: RangeRequest = Object.freeze({ kind: 'whole' })
const unsatisfiable: RangeRequest = Object.freeze({ kind: 'unsatisfiable' })

/**
 * Reads a `Range` header (RFC 9110, section 14.2) against an object of `size` bytes. Several ranges, other units and what
 * cannot be read are ignored, as the RFC allows; a last byte before the first (`500-0`) is unsatisfiable, as conformance
 * wants. An object of no bytes is always sent whole: some clients ask every object for a range.
 */
export function parseRange(header: string | null, size: number): RangeRequest {
  const match = header === null ? null : /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(header)
  if (match === null || size === 0) return whole
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? whole : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start > end ? unsatisfiable : { kind: 'range', range: { start, end } }
}

/** The last `length` bytes, or all of them when there are fewer. */
function suffix(length: number, size: number): RangeRequest {
  if (length === 0) return unsatisfiable
  return { kind: 'range', range: { start: Math.max(0, size - length), end: size - 1 } }
}
