import { Problem } from './problem.ts'

/** What a list is asked for. */
export interface PageRequest {
  readonly limit: number
  /** The list goes on after it; absent at its beginning. As the last page gave it. */
  readonly after: string | undefined
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Where the next page begins; absent on the last one. */
  readonly next: string | undefined
}

export const pageSize = Object.freeze({ preset: 50, most: 200 })

/** Cut to what a page may have: clients that ask for 10,000 follow the cursor. */
export function clampLimit(text: string | undefined): number {
  if (text === undefined) return pageSize.preset
  if (!/^\d{1,15}$/.test(text)) {
    throw new Problem('malformed', { errors: [{ at: 'limit', message: 'must be a whole number, 1 or more' }] })
  }
  return Math.min(Math.max(Number(text), 1), pageSize.most)
}

/** A cursor means something to the list it came from alone: clients hand it back and do not make one. */
export function writeCursor(after: string): string {
  return Buffer.from(`1${after}`).toString('base64url')
}

const longestCursor = 1024

/** @throws Problem `cursor-invalid` */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  if (cursor.length > longestCursor || !/^[A-Za-z0-9_-]+$/.test(cursor)) throw new Problem('cursor-invalid')
  const text = Buffer.from(cursor, 'base64url').toString()
  // What is no UTF-8 comes out changed, and PostgreSQL takes no NUL.
  if (!text.startsWith('1') || text.includes('\0') || writeCursor(text.slice(1)) !== cursor) throw new Problem('cursor-invalid')
  return text.slice(1)
}

/** For lists whose cursor is the id of the last row. @throws Problem `cursor-invalid` */
export function idAfter(after: string | undefined): number | undefined {
  if (after === undefined) return undefined
  if (!/^\d{1,15}$/.test(after)) throw new Problem('cursor-invalid')
  return Number(after)
}

/** The header that names the next page (RFC 8288), path-absolute. */
export function nextLink(url: URL, cursor: string, limit: number): string {
  const query = new URLSearchParams(url.search)
  query.set('cursor', cursor)
  query.set('limit', String(limit))
  return `<${url.pathname}?${query.toString()}>; rel="next"`
}
