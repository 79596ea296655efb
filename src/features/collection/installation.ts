import {
  type Database,
  type DatabaseReader,
  DatabaseError,
  type DataDirectory,
  lookAtDataDirectory,
  openDataDirectory,
  openPostgresReader,
  openSqliteReader,
  type SeenDirectory,
} from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { clearSome } from '../../projects/index.ts'
import { createCollector, type RegistrySettings } from '../../registry/index.ts'
import { createFilesystemStore } from '../../storage/index.ts'
import type { CollectPayload, CollectReport } from './collect-job-shapes.ts'
import { asAsked, collectAndTell, type Telling, wouldCollect } from './collect-job.ts'

/** An installation on this machine. */
export interface CollectedPlace {
  /** The data directory. */
  readonly data: string
  /** URL of the PostgreSQL database; absent for the SQLite database in the data directory. */
  readonly databaseUrl: string | undefined
  readonly clock: Clock
  readonly settings: RegistrySettings
  readonly rate: number | undefined
  /** Opens the database of a directory that is held, to write. */
  readonly openToWrite: (directory: DataDirectory) => Promise<Database>
  readonly onIdleError: (error: Error) => void
}

export interface CollectRequest extends CollectPayload {
  readonly log: (text: string) => void
}

/**
 * Collects until nothing is due, or says what would be collected. A dry run reads what a running server leaves; the other one needs the
 * data directory alone, or to be the one that works in it, and fails with `locked` where it is not.
 */
export async function collectInstallation(place: CollectedPlace, request: CollectRequest): Promise<CollectReport> {
  const { data, clock, settings, rate } = place
  const seen = lookAtDataDirectory(data)
  const store = createFilesystemStore({ root: data })
  if (request.dryRun) {
    const reader = await openReader(place, seen)
    try {
      return await wouldCollect(tellingOf(request), asAsked({ database: reader, store, clock, settings }, request))
    } finally {
      await reader.close()
    }
  }
  const directory = openDataDirectory(data, place.databaseUrl === undefined ? 'alone' : 'shared')
  const leading = directory.lead()
  try {
    if (leading === undefined) throw new DatabaseError('locked', `another process does the work beside the requests in the data directory ${data}: let that one collect, with \`berth gc\`, or stop it first`)
    const database = await place.openToWrite(directory)
    try {
      const deps = { database, store, clock, settings }
      // As a server does beside its requests: the room of repositories and projects whose time in the trash is over is free only then.
      while (await clearSome(database, clock));
      return await collectAndTell(tellingOf(request), asAsked({ ...deps, collector: createCollector({ ...deps, rate }) }, request))
    } finally {
      await database.close()
    }
  } finally {
    leading?.close()
    directory.release()
  }
}

async function openReader({ databaseUrl: url, onIdleError }: CollectedPlace, { databasePath: path, installation }: SeenDirectory): Promise<DatabaseReader> {
  return url === undefined ? await openSqliteReader({ path, installation }) : await openPostgresReader({ url, installation, onIdleError })
}

function tellingOf({ log }: CollectRequest): Telling {
  return { signal: new AbortController().signal, position: undefined, report: () => undefined, keep: () => undefined, log }
}
