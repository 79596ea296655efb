import type { Config } from './config/index.ts'
import {
  bindDirectory,
  openDataDirectory,
  openPostgresDatabase,
  openSqliteDatabase,
  type Database,
  type DatabaseError,
  type DataDirectory,
  type WriterThread,
} from './database/index.ts'
import { backUpInstallation, restoreInstallation, type BackupSummary, type CopyWatch } from './features/backup/index.ts'
import { checkInstallation, createScrubber, keepScrubbing, type CheckRequest, type CheckResult } from './features/integrity/index.ts'
import { createRecorder, keepRecording, rebuildInstallation, type Rebuilt } from './features/recovery/index.ts'
import { createHttp, listen, type Http } from './http/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createFileDestination, createLogger, type Logger } from './observe/index.ts'
import { allowAll, createCollector, createRegistry, keepCollecting } from './registry/index.ts'
import { createFilesystemSegments, createFilesystemStore } from './storage/index.ts'
import { transactions } from './transactions.ts'

/** The program as a value: `fetch` is the whole server, without a port. */
export interface App {
  readonly fetch: Http['fetch']
  /** Settles with an error when the state of the database is no longer known: the process is to end. */
  readonly broken: Promise<DatabaseError>
  /** Ends background work and closes the database; requests must have ended before. */
  close(): Promise<void>
}

export interface RunningServer {
  readonly url: string
  readonly closed: Promise<void>
  close(): Promise<void>
}

/** Bytes of memory for manifests and small blobs. */
const contentCache = 64 * 1024 * 1024

/** The composition root: the only place that knows every part. */
export async function buildApp(config: Config, logger: Logger): Promise<App> {
  const directory = openDataDirectory(config.data)
  const broken = Promise.withResolvers<DatabaseError>()
  try {
    const database = await openBoundDatabase(config, directory, logger, broken.resolve)
    const store = createFilesystemStore({ root: directory.path })
    const settings = {
      lease: config.gc.lease,
      drain: config.gc.drain,
      uploadExpiry: config.uploads.expiry,
      verify: config.storage.verify,
      sparse: config.push.sparse,
    }
    const core = { database, store, clock: systemClock, ids: systemIds, settings }
    const registry = createRegistry({ ...core, authorize: allowAll, contentCache })
    const http = createHttp({
      registry,
      limits: config.limits,
      logger,
      ids: systemIds,
      clock: systemClock,
      ready: () => true,
      anonymousMayPull: true,
    })
    const endCollection = keepCollecting(createCollector(core), { interval: config.gc.interval, clock: systemClock, logger })
    const scrubbing = { database, store, clock: systemClock, ids: systemIds, rate: config.storage.scrub, logger }
    const endScrubbing = config.storage.scrub === 0 ? undefined : keepScrubbing(createScrubber(scrubbing), scrubbing)
    const endRecording = keepRecovery(database, directory, logger)
    const close = async (): Promise<void> => {
      await endCollection()
      await endScrubbing?.()
      await endRecording()
      await database.close()
      directory.release()
    }
    return { fetch: (...request) => http.fetch(...request), broken: broken.promise, close }
  } catch (error) {
    directory.release()
    throw error
  }
}

/** Writes recovery segments until the returned function is called. */
function keepRecovery(database: Database, { path }: DataDirectory, logger: Logger): () => Promise<void> {
  const onBroken = (reason: string): void => logger.warn('the recovery segments begin anew with a whole snapshot', { reason })
  const segments = createFilesystemSegments({ root: path })
  return keepRecording(createRecorder({ database, segments, clock: systemClock, onBroken }), { clock: systemClock, logger })
}

async function openBoundDatabase(...[config, directory, ...rest]: Parameters<typeof openDatabase>): Promise<Database> {
  const database = await openDatabase(config, directory, ...rest)
  try {
    await bindDirectory(directory, database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openDatabase(
  config: Config,
  directory: DataDirectory,
  logger: Logger,
  onFatal: (error: DatabaseError) => void,
): Promise<Database> {
  const common = { mustExist: directory.holdsData, clock: systemClock, ids: systemIds }
  if (config.database.url !== undefined) {
    return await openPostgresDatabase({ ...common, url: config.database.url, onIdleError: warnOfIdleError(logger) })
  }
  // Resolved from this file, so that the compiled executable finds the thread's entry inside itself.
  const startWriter = () => new Worker(new URL('./writer.ts', import.meta.url)) as unknown as WriterThread
  return await openSqliteDatabase({ ...common, installation: directory.installation, path: directory.databasePath, startWriter, onFatal })
}

function warnOfIdleError(logger: Logger): (error: Error) => void {
  return (error) => logger.warn('an idle database connection was lost', { error })
}

/** Builds the app and listens. Fails when it cannot serve; then nothing is left running. */
export async function startServer(config: Config): Promise<RunningServer> {
  const logger = createLogger({ level: config.log.level })
  const app = await buildApp(config, logger)
  const closed = Promise.withResolvers<void>()
  try {
    const listener = listen({ hostname: config.listen.host, port: config.listen.port, fetch: app.fetch, logger })
    const close = async (): Promise<void> => {
      await listener.stop(config.http.drain)
      await app.close()
      await logger.close()
      closed.resolve()
    }
    void app.broken.then((error) => {
      logger.error('the database can no longer be trusted in this process: start the server again to recover', { error })
      void logger.close().then(closed.resolve)
    })
    return { url: listener.url, closed: closed.promise, close }
  } catch (error) {
    await app.close()
    throw error
  }
}

/** `berth fsck`: beside a server or without one. */
export async function checkIntegrity(config: Config, request: CheckRequest): Promise<CheckResult> {
  const logger = createLogger({ level: config.log.level, destination: createFileDestination(2) })
  const openForRepair = async (directory: DataDirectory) => await openBoundDatabase(config, directory, logger, () => undefined)
  try {
    const uploadExpiry = config.uploads.expiry
    return await checkInstallation({ ...placeOf(config), uploadExpiry, openForRepair, onIdleError: warnOfIdleError(logger) }, request)
  } finally {
    await logger.close()
  }
}

/** `berth backup`: in a process of its own, beside a server or without one. */
export async function backUp(version: string, config: Config, folder: string, watch: CopyWatch): Promise<BackupSummary> {
  return await backUpInstallation({ ...watch, ...placeOf(config), folder, version, transactions })
}

/** `berth restore`: into a new data directory, and a new database. */
export async function restore(config: Config, folder: string, watch: CopyWatch): Promise<BackupSummary> {
  return await restoreInstallation({ ...watch, ...placeOf(config), folder })
}

/** `berth rebuild-index`: a new database from the recovery segments. */
export async function rebuildIndex(config: Config, { untilDamage }: { readonly untilDamage: boolean }): Promise<Rebuilt> {
  return await rebuildInstallation({ ...placeOf(config), lease: config.gc.lease, untilDamage })
}

function placeOf({ data, database }: Config) {
  return { data, databaseUrl: database.url, clock: systemClock, ids: systemIds }
}
