import type { Database } from '../database/index.ts'
import { createChanges } from './changes.ts'
import { createExistence, type Existence } from './existence.ts'
import { createWholeLists, type WholeLists } from './whole-lists.ts'

/** What reads are answered from without asking the database, as long as nothing changed. */
export interface Remembered {
  readonly existence: Existence
  readonly wholeLists: WholeLists
}

/** All of it follows the changes once. */
export function createRemembered(database: Database): Remembered {
  const changes = createChanges(database)
  return { existence: createExistence(database, changes), wholeLists: createWholeLists(database, changes) }
}
