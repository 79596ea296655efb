import type { Config } from './config/index.ts'
import {
  bindDirectory,
  DatabaseError,
  lookAtDataDirectory,
  makePostgresDatabase,
  makeSqliteDatabase,
  openDataDirectory,
  openPostgresDatabase,
  openPostgresReader,
  openSqliteDatabase,
  openSqliteReader,
  type Database,
  type DatabaseReader,
  type DataDirectory,
  type SeenDirectory,
  type WriterThread,
} from './database/index.ts'
import { backUpInstallation, restoreInstallation, type BackupSummary, type CopyWatch, type Places } from './features/backup/index.ts'
import { createRepair, createScrubber, inspect, isIndexSound, keepScrubbing, textOf, type Fate, type Finding, type FindingLanguage, type InspectionSum } from './features/integrity/index.ts'
import { createRecorder, keepRecording, rebuild, type Rebuilt } from './features/recovery/index.ts'
import { createHttp, listen, type Http } from './http/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createFileDestination, createLogger, type Logger } from './observe/index.ts'
import { allowAll, createCollector, createRegistry, keepCollecting, releaseCollection, standingHolds } from './registry/index.ts'
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
    const scrubbing = { database, store, clock: systemClock, rate: config.storage.scrub, logger }
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
    const onIdleError = (error: Error): void => logger.warn('an idle database connection was lost', { error })
    return await openPostgresDatabase({ ...common, url: config.database.url, onIdleError })
  }
  // Resolved from this file, so that the compiled executable finds the thread's entry inside itself.
  const startWriter = () => new Worker(new URL('./writer.ts', import.meta.url)) as unknown as WriterThread
  return await openSqliteDatabase({ ...common, installation: directory.installation, path: directory.databasePath, startWriter, onFatal })
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

export interface IntegrityRequest {
  readonly deep: boolean
  readonly repair: boolean
  readonly language: FindingLanguage
  readonly onFinding: (finding: DescribedFinding) => void
  readonly onProgress: Parameters<typeof inspect>[0]['onProgress']
}

/** A finding with its texts, as a report has it. */
export interface DescribedFinding extends Omit<Finding, 'subject' | 'remedy'> {
  readonly subject: Readonly<Record<string, string>>
  readonly what: string
  readonly next: string
  readonly repaired: boolean
}

/**
 * `berth fsck`. A repair needs the data directory alone and fails with `locked` beside a server; a check alone reads what a
 * running server leaves, and holds the directory when there is none.
 */
export async function checkIntegrity(config: Config, request: IntegrityRequest): Promise<IntegrityResult> {
  const seen = lookAtDataDirectory(config.data)
  const directory = holdDirectory(config, request.repair)
  const logger = createLogger({ level: config.log.level, destination: createFileDestination(2) })
  try {
    const database = request.repair && directory ? await openBoundDatabase(config, directory, logger, () => undefined) : undefined
    const reader = database ?? (await openReader(config, seen, logger))
    let checked
    try {
      checked = await inspectAll(config, request, reader, database)
    } finally {
      await reader.close()
    }
    const held = checked.held && isIndexSound(checked.sum) && !(await endRebuiltHold(config, directory, logger))
    return { ...checked.sum, besideServer: directory === undefined, held }
  } finally {
    directory?.release()
    await logger.close()
  }
}

export interface IntegrityResult extends InspectionSum {
  readonly besideServer: boolean
  /** The index was rebuilt and is sound, but collection stays off: its hold could not be ended beside a server. */
  readonly held: boolean
}

/** Holds collection from `berth rebuild-index` until a check finds the index sound. */
const rebuiltHold = 'rebuilt'

async function inspectAll(config: Config, request: IntegrityRequest, reader: DatabaseReader, database: Database | undefined) {
  const store = createFilesystemStore({ root: config.data })
  const scene = { database: reader, store, deep: request.deep, ended: new AbortController().signal }
  const repair = database && createRepair({ database, store, clock: systemClock, uploadExpiry: config.uploads.expiry })
  const onFinding = (finding: Finding, fate: Fate): void => request.onFinding(described(finding, fate, request.language))
  const sum = await inspect({ scene, repair, onFinding, onProgress: request.onProgress })
  const holds = await reader.all(standingHolds, systemClock.now())
  return { sum, held: holds.some(({ name }) => name === rebuiltHold) }
}

/** True when it was ended: only who has the directory may write. */
async function endRebuiltHold(config: Config, directory: DataDirectory | undefined, logger: Logger): Promise<boolean> {
  if (directory === undefined) return false
  const database = await openBoundDatabase(config, directory, logger, () => undefined)
  try {
    await database.transact(releaseCollection, { name: rebuiltHold })
    return true
  } finally {
    await database.close()
  }
}

function described(finding: Finding, fate: Fate, language: FindingLanguage): DescribedFinding {
  const { code, subject, detail, affected, more } = finding
  return { code, subject: { ...subject }, detail, affected, more, ...textOf(code, language), repaired: fate === 'repaired' }
}

/** Absent when a server holds it and that is allowed. */
function holdDirectory(config: Config, alone: boolean): DataDirectory | undefined {
  try {
    return openDataDirectory(config.data)
  } catch (error) {
    if (!alone && error instanceof DatabaseError && error.code === 'locked') return undefined
    throw error
  }
}

async function openReader(config: Config, { databasePath: path, installation }: SeenDirectory, logger: Logger): Promise<DatabaseReader> {
  if (config.database.url === undefined) return await openSqliteReader({ path, installation })
  const onIdleError = (error: Error): void => logger.warn('an idle database connection was lost', { error })
  return await openPostgresReader({ url: config.database.url, installation, onIdleError })
}

/** `berth backup`: in a process of its own, beside a server or without one. */
export async function backUp(version: string, config: Config, folder: string, watch: CopyWatch): Promise<BackupSummary> {
  return await backUpInstallation({ ...watch, ...placesOf(config, folder), version, transactions })
}

/** `berth restore`: into a new data directory, and a new database. */
export async function restore(config: Config, folder: string, watch: CopyWatch): Promise<BackupSummary> {
  return await restoreInstallation({ ...watch, ...placesOf(config, folder) })
}

function placesOf({ data, database }: Config, folder: string): Places {
  return { data, databaseUrl: database.url, folder, clock: systemClock, ids: systemIds }
}

/** `berth rebuild-index`: a new database from the recovery segments. Fails without having changed anything. */
export async function rebuildIndex(config: Config, { untilDamage }: { readonly untilDamage: boolean }): Promise<Rebuilt> {
  lookAtDataDirectory(config.data)
  const directory = openDataDirectory(config.data)
  const { url } = config.database
  const common = { clock: systemClock, ids: systemIds }
  try {
    const rebuilt = await rebuild({
      segments: createFilesystemSegments({ root: directory.path }),
      store: createFilesystemStore({ root: directory.path }),
      installation: directory.installation,
      lease: config.gc.lease,
      untilDamage,
      makeDatabase: async (installation, work) =>
        url === undefined
          ? await makeSqliteDatabase({ ...common, installation, path: directory.databasePath }, work)
          : await makePostgresDatabase({ ...common, installation, url }, work),
    })
    directory.bind(rebuilt.installation)
    return rebuilt
  } finally {
    directory.release()
  }
}
