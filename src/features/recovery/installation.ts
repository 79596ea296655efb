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

/** Makes a new database from the recovery segments. Fails with RecoveryError, DatabaseError or StorageError, and has changed nothing then. */
export async function rebuildInstallation({ data, databaseUrl, clock, ids, ...rest }: LostInstallation): Promise<Rebuilt> {
  lookAtDataDirectory(data)
  const directory = openDataDirectory(data)
  const common = { clock, ids }
  try {
    const rebuilt = await rebuild({
      ...rest,
      segments: createFilesystemSegments({ root: directory.path }),
      store: createFilesystemStore({ root: directory.path }),
      installation: directory.installation,
      makeDatabase: async (installation, work) =>
        databaseUrl === undefined
          ? await makeSqliteDatabase({ ...common, installation, path: directory.databasePath }, work)
          : await makePostgresDatabase({ ...common, installation, url: databaseUrl }, work),
    })
    directory.bind(rebuilt.installation)
    return rebuilt
  } finally {
    directory.release()
  }
}
