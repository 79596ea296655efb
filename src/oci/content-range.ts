import { excerpt } from '../lib/index.ts'
import { RegistryError } from './errors.ts'

/** The bytes a chunk of an upload claims to hold: both inclusive, counted from 0. */
export interface ContentRange {
  readonly first: number
  readonly last: number
}

/** `0-1023`, and what some clients make of it: `bytes 0-1023`, `0-1023/2048`, `0-1023/*`. */
const grammar = /^(?:bytes )?(\d{1,16})-(\d{1,16})(?:\/(?:\d{1,16}|\*))?$/

/**
 * Reads the `Content-Range` of an upload chunk (distribution-spec, "Pushing a blob in chunks").
 * @throws RegistryError `BLOB_UPLOAD_INVALID` when it is malformed; whether it fits the upload is the caller's question
 */
export function parseContentRange(text: string): ContentRange {
  const match = grammar.exec(text)
  const first = Number(match?.[1] ?? Number.NaN)
  const last = Number(match?.[2] ?? Number.NaN)
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last) return { first, last }
  throw new RegistryError('BLOB_UPLOAD_INVALID', {
    message: `the Content-Range ${excerpt(text)} is not valid: send the first and last byte of the chunk, as in 0-1023`,
  })
}
