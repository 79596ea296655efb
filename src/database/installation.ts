import type { Ids } from '../lib/index.ts'
import { DatabaseError } from './database.ts'
import { statement } from './statement.ts'

/** What is made once with the schema and stays. */
export interface Installation {
  /** Ties a data directory to its database. */
  readonly id: string
  /** 64 hexadecimal digits that nobody outside can know: what this installation signs with, on every node. */
  readonly secret: string
}

export function newInstallation(ids: Ids): Installation {
  return { id: ids.uuid(), secret: `${ids.object()}${ids.object()}` }
}

/** The id that ties a data directory to its database. No row: the schema is not made yet. */
export const readInstallation = statement<{ value: string }>(`select value from meta where name = 'installation'`)

export const readSecret = statement<{ value: string }>(`select value from meta where name = 'secret'`)

export function belongsElsewhere(place: string, expected: string, found: string): DatabaseError {
  return new DatabaseError(
    'corrupt',
    `${place} belongs to another database (the directory's installation is ${expected}, the database's is ${found}): put the two that belong together back in place; nothing was changed`,
  )
}
