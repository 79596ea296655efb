import { parseContentRange, RegistryError } from '../oci/index.ts'
import type { UploadBody } from '../registry/index.ts'

/** Told how the body of a request comes in, so that the listener knows whom it waits for, and how long. */
export interface BodyWatch {
  /** Some bytes came; the sender is alive. */
  received(): void
  /** The whole body is here: from now on the sender waits for us. */
  complete(): void
}

/**
 * Collects a small body, never more than `limit` bytes of it.
 * @throws RegistryError `MANIFEST_TOO_LARGE`, at once when Content-Length says so; `SIZE_INVALID` when it was cut off
 */
export async function collectBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = declaredLength(request)
  if (declared !== undefined && declared > limit) throw tooLarge(limit)
  const bytes = request.body === null ? new Uint8Array(0) : await readBounded(request.body, limit)
  if (declared !== undefined && bytes.length !== declared) throw cutOff()
  return bytes
}

/**
 * Copied into one buffer that grows: a body sent as millions of tiny chunks would cost a hundred times its size if the chunks
 * were kept.
 */
async function readBounded(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  let bytes = new Uint8Array(Math.min(firstBuffer, limit))
  let size = 0
  for (;;) {
    const chunk = await readChunk(reader)
    if (chunk === undefined) return bytes.slice(0, size)
    if (size + chunk.length > limit) {
      await reader.cancel()
      throw tooLarge(limit)
    }
    if (size + chunk.length > bytes.length) bytes = grown(bytes, Math.min(limit, Math.max(bytes.length * 2, size + chunk.length)))
    bytes.set(chunk, size)
    size += chunk.length
  }
}

/** Most manifests are smaller. */
const firstBuffer = 16 * 1024

function grown(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(bytes)
  return larger
}

/**
 * The body of an upload as the core takes it. Its stream fails with SIZE_INVALID when the connection broke before the end,
 * with or without a Content-Length: an end that comes without an error is the end the sender meant.
 * @throws RegistryError `BLOB_UPLOAD_INVALID` for a malformed Content-Range
 */
export function uploadBody(request: Request, watch: BodyWatch | undefined): UploadBody {
  const range = request.headers.get('content-range')
  return {
    stream: request.body === null ? null : watchedStream(request.body, watch),
    length: request.body === null ? 0 : declaredLength(request),
    range: range === null ? undefined : parseContentRange(range),
  }
}

function watchedStream(body: ReadableStream<Uint8Array>, watch: BodyWatch | undefined): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const chunk = await readChunk(reader)
        if (chunk === undefined) {
          watch?.complete()
          controller.close()
        } else {
          watch?.received()
          controller.enqueue(chunk)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** The part of a stream's reader that is used here. */
interface ChunkReader {
  read(): Promise<{ readonly value?: Uint8Array | undefined }>
}

async function readChunk(reader: ChunkReader): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value
  } catch (cause) {
    throw cutOff(cause)
  }
}

/** What the sender announced. Bun holds the body to it and refuses what is no number. */
function declaredLength(request: Request): number | undefined {
  const header = request.headers.get('content-length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

function tooLarge(limit: number): RegistryError {
  return new RegistryError('MANIFEST_TOO_LARGE', {
    message: `the manifest is larger than ${limit} bytes, the most this registry accepts`,
    detail: { limit },
  })
}

function cutOff(cause?: unknown): RegistryError {
  return new RegistryError('SIZE_INVALID', { message: 'the body was cut off before its end; send it again', cause })
}
