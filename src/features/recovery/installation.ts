import { lookAtDataDirectory, makePostgresDatabase, makeSqliteDatabase, openDataDirectory } from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import { createFilesystemSegments, createFilesystemStore } from '../../storage/index.ts'
import { rebuild, type RebuildDeps, type Rebuilt } from './rebuild.ts'

/** An installation on this machine whose database is lost. */
export interface LostInstallation extends Pick<RebuildDeps, 'lease' | 'untilDamage'> {
  /** The data directory. */
  readonly data: string
  /** URL of an empty PostgreSQL database; absent for an SQLite database in the data directory. */
  readonly databaseUrl: string | undefined
  readonly clock: Clock
  readonly ids: Ids
}

/**
 * Makes a new database from the recovery segments. Fails with RecoveryError, DatabaseError, StorageError or an error of the file
 * system; then there is no database, or, when the disk failed at the very end, a whole one.
 */
export async function rebuildInstallation({ data, databaseUrl, clock, ids, ...rest }: LostInstallation): Promise<Rebuilt> {
  lookAtDataDirectory(data)
  const directory = openDataDirectory(data)
  try {
    return await rebuild({
      ...rest,
      segments: createFilesystemSegments({ root: directory.path }),
      store: createFilesystemStore({ root: directory.path }),
      installation: directory.installation,
      makeDatabase: async (findInstallation, work) => {
        const installation = async (): Promise<string> => {
          const id = await findInstallation()
          // Before the database is there: nothing is left to fail once it is. Without one this is still a directory that lost it.
          directory.bind(id)
          return id
        }
        const common = { installation, clock, ids }
        return databaseUrl === undefined
          ? await makeSqliteDatabase({ ...common, path: directory.databasePath }, work)
          : await makePostgresDatabase({ ...common, url: databaseUrl }, work)
      },
    })
  } finally {
    directory.release()
  }
}
