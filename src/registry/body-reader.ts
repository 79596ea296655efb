import { RegistryError } from '../oci/index.ts'
import type { UploadBody } from './registry.ts'

/** How a body ended: whole, or cut off by a connection that broke. What came before a cut is good. */
export type BodyEnd = { readonly whole: true } | { readonly whole: false; readonly cause: unknown }

/**
 * Reads an upload's body chunk by chunk and counts. A body longer than the sender announced fails with SIZE_INVALID at the
 * first byte too many.
 */
export interface BodyReader {
  /** The next chunk; absent at the end. */
  next(): Promise<Uint8Array | undefined>
  /** How it ended; asked after `next` answered nothing. */
  end(): BodyEnd
  /** Tells the sender that nothing more is read. */
  cancel(): Promise<void>
}

export function readBody(body: UploadBody): BodyReader {
  const announced = body.range === undefined ? body.length : body.range.last - body.range.first + 1
  if (body.range !== undefined && body.length !== undefined && body.length !== announced) {
    throw sizeInvalid(`Content-Range announces ${announced} bytes, but Content-Length ${body.length}`)
  }
  const reader = body.stream?.getReader()
  let count = 0
  let end: BodyEnd = { whole: true }

  async function next(): Promise<Uint8Array | undefined> {
    const chunk = await read()
    if (chunk === undefined) {
      if (end.whole && announced !== undefined && count < announced) finishShort()
      return undefined
    }
    count += chunk.length
    if (announced !== undefined && count > announced) throw sizeInvalid(`more than the ${announced} announced bytes came`)
    return chunk
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (reader === undefined) return undefined
    try {
      return (await reader.read()).value
    } catch (cause) {
      end = { whole: false, cause }
      return undefined
    }
  }

  /** A body may rightly be shorter than its Content-Range only if the connection broke; then its length says so. */
  function finishShort(): void {
    if (body.length === undefined && body.range !== undefined) {
      throw sizeInvalid(`Content-Range announces ${announced} bytes, but ${count} came`)
    }
    end = { whole: false, cause: new Error(`${count} of ${announced} bytes came`) }
  }

  // The sender may be gone already; then there is nobody to tell.
  const cancel = async (): Promise<void> => await reader?.cancel().catch(() => undefined)

  return { next, end: () => end, cancel }
}

function sizeInvalid(problem: string): RegistryError {
  return new RegistryError('SIZE_INVALID', { message: `the body has the wrong length: ${problem}; nothing of it was kept` })
}
