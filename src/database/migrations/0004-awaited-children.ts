import type { DialectTypes } from './dialect-types.ts'

/** `awaited`: 1 for what was not here when its manifest was pushed, and was let through. */
export function awaitedChildren({ integer }: DialectTypes): string[] {
  return [`alter table reference add column awaited ${integer} not null default 0`]
}
