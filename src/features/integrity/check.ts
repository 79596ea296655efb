import type { DatabaseReader } from '../../database/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { Finding } from './finding.ts'

/** What checks look at. They change nothing. */
export interface Scene {
  readonly database: Pick<DatabaseReader, 'dialect' | 'one' | 'all'>
  readonly store: BlobStore
  /** Whether the bytes of whole-looking objects are hashed. */
  readonly deep: boolean
  /** Told of bytes that were read; may wait, to read no faster than is wanted. */
  readonly pace: (bytes: number) => Promise<void> | void
  /** Aborted when the check is to end: its page then fails with the reason. */
  readonly ended: AbortSignal
}

/** Where a check goes on: the last key it has looked at. Plain JSON, so that it can be kept. */
export type Position = readonly (string | number)[]

export interface Page {
  readonly findings: readonly Finding[]
  /** Rows or files looked at. */
  readonly looked: number
  /** Absent after the last page. */
  readonly next: Position | undefined
}

/** One kind of things that are looked at one after the other, page by page, in the order of their keys. */
export interface Check {
  readonly name: CheckName
  page(after: Position | undefined): Promise<Page>
}

export type CheckName =
  'database' | 'objects' | 'contents' | 'blobs' | 'links' | 'manifests' | 'references' | 'tags' | 'uploads' | 'files'

export const rowsAtOnce = 500

/**
 * A page of rows: `read` gives the rows after a position, `judge` what is wrong with one. The next position is the key of the
 * last row.
 */
export async function pageOf<Row>(
  read: () => Promise<readonly Row[]>,
  keyOf: (row: Row) => Position,
  judge: (row: Row) => Promise<Finding | undefined> | Finding | undefined,
): Promise<Page> {
  const rows = await read()
  const findings: Finding[] = []
  for (const row of rows) {
    const found = await judge(row)
    if (found !== undefined) findings.push(found)
  }
  const last = rows.at(-1)
  return { findings, looked: rows.length, next: rows.length < rowsAtOnce || last === undefined ? undefined : keyOf(last) }
}
