import type { ByteRange, Digest } from '../../oci/index.ts'
import type { PulledBlob } from '../../registry/index.ts'
import { exactStream } from '../exact-stream.ts'

export type Opened = Awaited<ReturnType<PulledBlob['open']>>

/** Bytes of a blob that are here; a redirect has them elsewhere. */
export type OpenedHere = Exclude<Opened, { kind: 'redirect' }>

/** An answer in parts (RFC 9110, section 14.6). */
export interface BlobParts {
  readonly contentType: string
  readonly length: number
  readonly stream: ReadableStream<Uint8Array>
}

interface Part {
  /** What stands before the bytes. */
  readonly head: string
  readonly range: ByteRange
}

/**
 * The ranges of a blob as one body, in the order given. One is opened after the other, as the reader gets to it: `first`, which
 * is open already, is the first of them.
 */
export function blobParts(blob: PulledBlob, partType: string, ranges: readonly ByteRange[], first: OpenedHere): BlobParts {
  const boundary = boundaryFor(blob.digest)
  const parts = ranges.map((range, index): Part => {
    const fields = [`Content-Type: ${partType}`, `Content-Range: bytes ${range.start}-${range.end}/${blob.size}`]
    return { head: [`${index === 0 ? '' : '\r\n'}--${boundary}`, ...fields, '', ''].join('\r\n'), range }
  })
  const end = `\r\n--${boundary}--\r\n`
  const length = parts.reduce((sum, { head, range }) => sum + head.length + lengthOf(range), end.length)
  const stream = streamOf(readParts(blob, parts, end, first))
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, stream }
}

/** Nobody can make content that holds its own digest, so that no content can end its part early. At most 70 characters may stand here. */
function boundaryFor(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 64)
}

async function* readParts(blob: PulledBlob, parts: readonly Part[], end: string, first: OpenedHere): AsyncGenerator<Uint8Array, void> {
  const text = new TextEncoder()
  let opened: OpenedHere | undefined = first
  for (const { head, range } of parts) {
    opened ??= await openHere(blob, range)
    yield text.encode(head)
    yield* bytesOf(opened, lengthOf(range))
    opened = undefined
  }
  yield text.encode(end)
}

async function openHere(blob: PulledBlob, range: ByteRange): Promise<OpenedHere> {
  const opened = await blob.open(range)
  if (opened.kind === 'redirect') throw new Error(`${blob.digest} moved away while it was sent`)
  return opened
}

async function* bytesOf(opened: OpenedHere, length: number): AsyncGenerator<Uint8Array, void> {
  if (opened.kind === 'bytes') return yield opened.bytes
  const source = opened.kind === 'file' ? opened.file.stream() : opened.stream
  yield* exactStream(source, length)
}

/** A generator, since its `return` closes whatever part is open when the reader goes away. */
function streamOf(chunks: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const next = await chunks.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel(): Promise<void> {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1
}
