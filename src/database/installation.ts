import { DatabaseError } from './database.ts'
import { statement } from './statement.ts'

/** The id that ties a data directory to its database. No row: the schema is not made yet. */
export const readInstallation = statement<{ value: string }>(`select value from meta where name = 'installation'`)

export function belongsElsewhere(place: string, expected: string, found: string): DatabaseError {
  return new DatabaseError(
    'corrupt',
    `${place} belongs to another database (the directory's installation is ${expected}, the database's is ${found}): put the two that belong together back in place; nothing was changed`,
  )
}
