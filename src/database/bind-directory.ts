import type { DataDirectory } from './data-directory.ts'
import { DatabaseError, type Database } from './database.ts'
import { statement } from './statement.ts'

const anyObject = statement<{ id: string }>(`select id from object where state = 'live' limit 1`)

/**
 * Ties a data directory and its database together before anything is served. Fails with `corrupt` when they do not belong
 * together, and when the database knows objects but nothing at all is here: the directory is a wrong or an unmounted one, and
 * each of its objects would be found missing and be marked damaged, for the right directory as well.
 */
export async function bindDirectory(directory: DataDirectory, database: Database): Promise<void> {
  if (!directory.holdsData && (await database.one(anyObject)) !== undefined) {
    throw new DatabaseError('corrupt', `the data directory ${directory.path} is new, but the database knows objects that were stored in another one: start with that directory, or restore it from a backup; nothing was changed`)
  }
  directory.bind(database.installation)
}
