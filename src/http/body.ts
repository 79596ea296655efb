import { parseContentRange, RegistryError } from '../oci/index.ts'
import type { ByteReader, ByteStream, UploadBody } from '../registry/index.ts'
import type { MemoryShare } from './manifest-memory.ts'

/** Told how the body of a request comes in, so that the listener knows whom it waits for, and how long. */
export interface BodyWatch {
  /** From now on we wait for the sender. `tooLong` is called once when nothing has come for too long. */
  waiting(tooLong: () => void): void
  /** Something came: the sender is alive, and waits for us. */
  received(): void
  /** The whole body is here. */
  complete(): void
  /** What follows is thrown away. `tooLong` is called once when it takes too long as a whole, however it comes. */
  discarding(tooLong: () => void): void
}

/** A request with whoever watches its body. */
export interface Incoming {
  readonly request: Request
  readonly watch: BodyWatch | undefined
}

/**
 * Collects a manifest, never more than `limit` bytes of it. A large one takes of `share` as it comes in, so that announcing one
 * costs others nothing.
 * @throws RegistryError `MANIFEST_TOO_LARGE`, at once when Content-Length says so; `SIZE_INVALID` when it was cut off; `BODY_TIMEOUT`;
 * `CODING_UNSUPPORTED`; what `share` throws
 */
export async function collectBody({ request, watch }: Incoming, limit: number, share: MemoryShare): Promise<Uint8Array<ArrayBuffer>> {
  refuseCoding(request)
  const declared = declaredLength(request)
  if (declared !== undefined && declared > limit) throw tooLarge(limit)
  const small = declared !== undefined && declared <= firstBuffer
  const bytes = small ? await readDeclared(request, watch) : await readBounded({ request, watch }, declared ?? limit, share)
  if (declared !== undefined && bytes.length !== declared) throw cutOff()
  return bytes
}

/**
 * In one piece: Bun holds a sender to its Content-Length, and a stream costs more than the rest of the request. How it comes in
 * can't be seen then, so all of it has to come in the time of one wait.
 */
async function readDeclared(request: Request, watch: BodyWatch | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const late = Promise.withResolvers<never>()
  watch?.waiting(() => late.reject(new RegistryError('BODY_TIMEOUT')))
  try {
    const bytes = new Uint8Array(await Promise.race([request.arrayBuffer(), late.promise]))
    watch?.complete()
    return bytes
  } catch (cause) {
    throw cause instanceof RegistryError ? cause : cutOff(cause)
  }
}

/**
 * Copied into one buffer that grows: a body sent as millions of tiny chunks would cost a hundred times its size if the chunks
 * were kept.
 */
async function readBounded({ request, watch }: Incoming, limit: number, share: MemoryShare): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array(0)
  const reader = request.body.getReader()
  let bytes = new Uint8Array(Math.min(firstBuffer, limit))
  let size = 0
  for (;;) {
    const chunk = await readChunk(reader, watch)
    if (chunk === undefined) return size === bytes.length ? bytes : bytes.slice(0, size)
    const needed = size + chunk.length
    try {
      if (needed > limit) throw tooLarge(limit)
      if (needed > bytes.length) bytes = grown(bytes, Math.min(limit, Math.max(bytes.length * 2, needed)), share)
    } catch (error) {
      await endReading({ request, watch }, reader)
      throw error
    }
    bytes.set(chunk, size)
    size = needed
  }
}

/** Most manifests are smaller. That much each request may have without asking: there is a bound on how many requests there are. */
const firstBuffer = 16 * 1024

function grown(bytes: Uint8Array<ArrayBuffer>, size: number, share: MemoryShare): Uint8Array<ArrayBuffer> {
  share.grow(size - bytes.length)
  const larger = new Uint8Array(size)
  larger.set(bytes)
  return larger
}

/**
 * The body of an upload as the core takes it. Its stream fails with SIZE_INVALID when the connection broke before the end,
 * with or without a Content-Length, and with BODY_TIMEOUT when the sender stood still: an end that comes without an error is the end the sender meant.
 * @throws RegistryError `BLOB_UPLOAD_INVALID` for a malformed Content-Range, `CODING_UNSUPPORTED`
 */
export function uploadBody(request: Request, watch: BodyWatch | undefined): UploadBody {
  refuseCoding(request)
  const range = request.headers.get('content-range')
  return {
    stream: request.body === null ? null : watchedStream(request, request.body, watch),
    length: request.body === null ? 0 : declaredLength(request),
    range: range === null ? undefined : parseContentRange(range),
  }
}

/** Takes hold of the body only when it is read: one that nobody reads is left to `discardRest`. */
function watchedStream(request: Request, body: ReadableStream<Uint8Array>, watch: BodyWatch | undefined): ByteStream {
  let taken: ByteReader | undefined
  const reader: ByteReader = {
    read: async () => ({ value: await readChunk((taken ??= body.getReader()), watch) }),
    cancel: async () => {
      if (taken !== undefined) await endReading({ request, watch }, taken)
    },
  }
  return { getReader: () => reader }
}

/** More than this a refused sender does not get to send. */
const mostDiscarded = 64 * 1024 * 1024

/**
 * Takes in what a refused request still sends, when nobody has begun to read it and the connection is to be closed after the
 * answer: unread bytes would make the system reset it, and the sender lose the answer. nginx asks for that by default, and tells
 * its client 502 then.
 */
export async function discardRest({ request, watch }: Incoming): Promise<void> {
  if (request.bodyUsed || request.body === null || request.body.locked || !wantsClose(request)) return
  await endReading({ request, watch }, request.body.getReader())
}

/**
 * Where the connection stays open Bun throws away the rest by itself. The sender is watched here as well: the request is under way
 * until the rest is read, and who sends nothing more, or a byte now and then, could hold its place for ever.
 */
async function endReading({ request, watch }: Incoming, reader: ByteReader): Promise<void> {
  try {
    let left = wantsClose(request) ? mostDiscarded : 0
    let late = false
    if (left > 0) watch?.discarding(() => (late = true))
    while (left > 0 && !late) {
      const chunk = await readChunk(reader, watch)
      if (chunk === undefined) return
      left -= chunk.length
    }
    await reader.cancel()
  } catch {
    // The sender has gone, or stands still: what was refused is answered as it would have been.
  }
}

function wantsClose(request: Request): boolean {
  return /\bclose\b/i.test(request.headers.get('connection') ?? '')
}

/**
 * The next piece of a body; absent at its end.
 * @throws RegistryError `SIZE_INVALID` when the connection broke, `BODY_TIMEOUT` when the sender stands still
 */
async function readChunk(reader: ByteReader, watch: BodyWatch | undefined): Promise<Uint8Array | undefined> {
  let late = false
  watch?.waiting(() => {
    late = true
    // The read that waits ends then. What else becomes of a connection that is closed after the answer matters to nobody.
    reader.cancel().catch(() => undefined)
  })
  try {
    const { value } = await reader.read()
    if (late) throw new Error('the read was cancelled')
    if (value === undefined) watch?.complete()
    else watch?.received()
    return value
  } catch (cause) {
    throw late ? new RegistryError('BODY_TIMEOUT') : cutOff(cause)
  }
}

/** What a digest names are the bytes as they come: a body that says it is coded would be stored as something else than it says. */
function refuseCoding({ headers }: Request): void {
  const coding = headers.get('content-encoding')
  if (coding !== null && coding !== '' && coding.toLowerCase() !== 'identity') throw new RegistryError('CODING_UNSUPPORTED')
}

/** What the sender announced. Bun holds the body to it and refuses what is no number. */
export function declaredLength(request: Request): number | undefined {
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
