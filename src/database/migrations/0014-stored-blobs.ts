import type { DialectTypes } from './dialect-types.ts'

/**
 * How many blobs there are and their bytes, each once, beside what they are the sum of. Only in the row of the whole, and only once it was
 * counted.
 */
export function storedBlobs({ integer }: DialectTypes): string[] {
  return [`alter table usage_stored add column blobs ${integer}`, `alter table usage_stored add column blob_bytes ${integer}`]
}
