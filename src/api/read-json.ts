import { parseStrictJson, RegistryError } from '../oci/index.ts'
import { Problem } from './problem.ts'

/** Collects a body of at most `limit` bytes. Fails with a RegistryError when it is larger, was cut off, or stands still. */
export type ReadBody = (limit: number) => Promise<Uint8Array>

/** No operation takes more. */
const largestBody = 16 * 1024
const jsonLimits = { depth: 8, values: 2000 }

/**
 * Reads the body of an operation.
 * @throws Problem `body-not-json`, `body-too-large`, `malformed`
 */
export async function readJson(contentType: string | null, readBody: ReadBody): Promise<unknown> {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  // Also what keeps a form on another site from being taken for a call: a browser asks before it sends this type across sites.
  if (mediaType !== 'application/json') throw new Problem('body-not-json')
  const bytes = await collect(readBody)
  try {
    return parseStrictJson(bytes, jsonLimits)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const detail = `the body cannot be read as JSON: ${error.message.slice(0, 200).replaceAll(/[^ -~]/g, '?')}`
    throw new Problem('malformed', { detail, cause: error })
  }
}

async function collect(readBody: ReadBody): Promise<Uint8Array> {
  try {
    return await readBody(largestBody)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'MANIFEST_TOO_LARGE') throw error
    throw new Problem('body-too-large', { detail: `the body is larger than ${largestBody} bytes, the most an operation takes`, cause: error })
  }
}
