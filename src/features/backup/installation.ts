import {
  belongsElsewhere,
  inlineWriter,
  loadPostgres,
  loadSqlite,
  lockFolder,
  lookAtDataDirectory,
  newInstallation,
  openPostgresDatabase,
  openPostgresSnapshot,
  openRestoringDirectory,
  openSqliteDatabase,
  openSqliteSnapshot,
  type Database,
  type SeenDirectory,
  type TransactionTable,
} from '../../database/index.ts'
import type { Clock, Ids } from '../../lib/index.ts'
import { createArchive, createFilesystemStore } from '../../storage/index.ts'
import { backupLock, checkBackupFolder } from './backup-folder.ts'
import { restoreBackup, type RestoreTarget } from './restore-backup.ts'
import { takeBackup, type BackupDeps, type BackupSummary } from './take-backup.ts'

/** An installation on this machine, and a folder for its backup. */
export interface Places {
  /** The data directory. */
  readonly data: string
  /** URL of the PostgreSQL database; absent for the SQLite database in the data directory. */
  readonly databaseUrl: string | undefined
  /** The folder of the backup. */
  readonly folder: string
  readonly clock: Clock
  readonly ids: Ids
}

/** Told how far it is; its `signal` ends it. */
export type CopyWatch = Pick<BackupDeps, 'onProgress' | 'signal'>

/** What holds collection while it is copied: listed by src/transactions.ts. */
interface Written {
  readonly version: string
  readonly transactions: TransactionTable
}

/** Backs up an installation whose server may be running. Fails with DatabaseError, StorageError or BackupError. */
export async function backUpInstallation(places: Places & CopyWatch & Written): Promise<BackupSummary> {
  const { data, databaseUrl, folder } = places
  const directory = lookAtDataDirectory(data)
  const archive = createArchive(folder)
  checkBackupFolder(archive)
  const lock = lockFolder(folder, backupLock, `another backup is being taken into ${folder}`)
  try {
    const database = await openBeside(places, directory)
    try {
      const stores = { store: createFilesystemStore({ root: data }), target: createFilesystemStore({ root: folder }) }
      const openSnapshot = async () =>
        databaseUrl === undefined ? openSqliteSnapshot(directory.databasePath) : await openPostgresSnapshot(databaseUrl)
      return await takeBackup({ ...places, ...stores, database, archive, openSnapshot })
    } finally {
      await database.close()
    }
  } finally {
    lock.close()
  }
}

/** The database of a server that may be running: SQLite lets another process write a row between two of its commits. */
async function openBeside(places: Places & Written, { path, databasePath, installation }: SeenDirectory): Promise<Database> {
  const common = { mustExist: true, beside: true, clock: places.clock, ids: places.ids } as const
  // Whoever asked for a write meets its failure.
  const ignore = (): void => undefined
  if (places.databaseUrl === undefined) {
    const startWriter = () => inlineWriter(places.transactions)
    return await openSqliteDatabase({ ...common, path: databasePath, installation, startWriter, onFatal: ignore })
  }
  const database = await openPostgresDatabase({ ...common, url: places.databaseUrl, onIdleError: ignore })
  if (installation === undefined || installation === database.installation) return database
  await database.close()
  throw belongsElsewhere(path, installation, database.installation)
}

/** Restores into a data directory and a database that are new. Fails with DatabaseError, StorageError or BackupError. */
export async function restoreInstallation({ data, databaseUrl, folder, ids, ...rest }: Places & CopyWatch): Promise<BackupSummary> {
  const openTarget = (backupId: string): RestoreTarget => {
    const directory = openRestoringDirectory(data, backupId, ids.uuid())
    const store = createFilesystemStore({ root: data })
    const load: RestoreTarget['load'] = async (...request) =>
      databaseUrl === undefined ? await loadSqlite(directory.databasePath, ...request) : await loadPostgres(databaseUrl, ...request)
    return { ...directory, secret: newInstallation(ids).secret, store, load }
  }
  return await restoreBackup({ ...rest, archive: createArchive(folder), backup: createFilesystemStore({ root: folder }), openTarget })
}
