import type { Database } from '../database/index.ts'
import { createChanges } from './changes.ts'
import { createExistence, type Existence } from './existence.ts'
import { createWholeLists, type WholeLists } from './whole-lists.ts'

/** What reads are answered from without asking the database, as long as nothing changed. */
export interface Remembered {
  readonly existence: Existence
  readonly wholeLists: WholeLists
}

/**
 * All of it follows the changes once.
 *
 * @param wholeLists bytes of memory for lists
 */
export function createRemembered(database: Database, wholeLists: number): Remembered {
  const changes = createChanges(database)
  return { existence: createExistence(database, changes), wholeLists: createWholeLists(database, changes, wholeLists) }
}
