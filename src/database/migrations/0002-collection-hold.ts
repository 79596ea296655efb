import type { DialectTypes } from './dialect-types.ts'

/** Reasons for which nothing may be collected for now. `until`: when it ends by itself; null: when what it waits for is done. */
export function collectionHold({ text, integer }: DialectTypes): string[] {
  return [
    `create table collection_hold (name ${text} primary key, until ${integer}, reason ${text} not null)`,
    `create index collection_hold_by_until on collection_hold (until)`,
  ]
}
