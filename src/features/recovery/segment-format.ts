import { crc32 } from 'node:zlib'
import type { FeedPosition } from '../../record/index.ts'
import type { RecoveryRecord } from './recovery-record.ts'
import type { PageCursor } from './snapshot-page.ts'

/**
 * The bytes of a segment:
 *
 *     "berth recovery segment\n"
 *     frame of the header, then a frame for each record
 *     SHA-256 of everything before
 *
 * A frame is the length of its JSON, the length of its bytes and the CRC-32 of both (four bytes each, little-endian), then the
 * JSON and the bytes.
 */

/** What a segment says about itself. */
export interface SegmentHeader {
  readonly format: 1
  /** The database whose state this is. */
  readonly installation: string
  /** Segments are numbered without a gap. */
  readonly number: number
  /** Checksum of the segment before; null for the first of a chain. */
  readonly previous: string | null
  /** The segment with which the snapshot begins that this one stands on; null while there is no complete one. */
  readonly base: number | null
  /** When the rows were read, in ms since the epoch. */
  readonly at: number
  /** Whether the same moment goes on in the next segment: only without `more` do the segments up to here say one state. */
  readonly more: boolean
  /** Where the next reader of the events begins. */
  readonly position: FeedPosition
  /** A snapshot that is being written, page by page, in the segments from `from` on; `after` is where the next page begins. */
  readonly snapshot: { readonly from: number; readonly after: PageCursor; readonly size: number; readonly tail: number } | null
  /** Bytes of the pages of the snapshot at `base`, and weight of what came after it. */
  readonly size: { readonly snapshot: number; readonly tail: number }
}

export interface Segment {
  readonly header: SegmentHeader
  /** Hex. */
  readonly checksum: string
  readonly records: readonly RecoveryRecord[]
}

/** Why the bytes are no whole segment. Nothing of them may be used. */
export class BrokenSegment extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BrokenSegment'
  }
}

const magic = new TextEncoder().encode('berth recovery segment\n')
const checksumSize = 32
const frameHead = 12

/** A record as it lies in a segment. */
export function encodeRecord(record: RecoveryRecord): Uint8Array {
  const { kind, key, row } = record
  return frame({ kind, key, row }, record.kind === 'blob' ? record.bytes : undefined)
}

/** A whole segment, and its checksum in hex. */
export function encodeSegment(header: SegmentHeader, records: readonly Uint8Array[]): { bytes: Uint8Array; checksum: string } {
  const parts = [magic, frame(header, undefined), ...records]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, checksumSize))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  const checksum = sha256(bytes.subarray(0, at))
  bytes.set(checksum, at)
  return { bytes, checksum: checksum.toString('hex') }
}

/**
 * Reads a segment. The frames are views of `bytes`.
 * @throws BrokenSegment for anything that is not a whole segment of this format
 */
export function decodeSegment(bytes: Uint8Array): Segment {
  const end = bytes.length - checksumSize
  if (end < magic.length || Buffer.compare(bytes.subarray(0, magic.length), magic) !== 0) throw new BrokenSegment('it is no recovery segment, or cut off')
  const checksum = sha256(bytes.subarray(0, end))
  if (checksum.compare(bytes, end) !== 0) throw new BrokenSegment('its checksum does not match its bytes')
  const frames = [...readFrames(bytes.subarray(0, end), magic.length)]
  const header = frames[0]?.json as SegmentHeader | undefined
  if (header?.format !== 1) throw new BrokenSegment(`its format is ${String(header?.format)}: a newer program wrote it`)
  const records = frames.slice(1).map(({ json, bytes: content }) => ({ ...(json as object), bytes: content }) as RecoveryRecord)
  return { header, checksum: checksum.toString('hex'), records }
}

function frame(json: unknown, content: Uint8Array | undefined): Uint8Array {
  const text = Buffer.from(JSON.stringify(json))
  const bytes = content ?? new Uint8Array(0)
  const framed = Buffer.alloc(frameHead + text.length + bytes.length)
  framed.writeUInt32LE(text.length, 0)
  framed.writeUInt32LE(bytes.length, 4)
  framed.set(text, frameHead)
  framed.set(bytes, frameHead + text.length)
  framed.writeUInt32LE(crc32(framed.subarray(frameHead)), 8)
  return framed
}

function* readFrames(bytes: Uint8Array, start: number): Generator<{ json: unknown; bytes: Uint8Array | undefined }> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = start; at < view.length; ) {
    if (at + frameHead > view.length) throw new BrokenSegment(`the frame at byte ${at} is cut off`)
    const [text, content] = [view.readUInt32LE(at), view.readUInt32LE(at + 4)]
    const body = view.subarray(at + frameHead, at + frameHead + text + content)
    if (body.length !== text + content) throw new BrokenSegment(`the frame at byte ${at} is cut off`)
    if (crc32(body) !== view.readUInt32LE(at + 8)) throw new BrokenSegment(`the frame at byte ${at} is damaged`)
    yield { json: JSON.parse(body.toString('utf8', 0, text)), bytes: content === 0 ? undefined : body.subarray(text) }
    at += frameHead + body.length
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return new Bun.CryptoHasher('sha256').update(bytes).digest()
}
