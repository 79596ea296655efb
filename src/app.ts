import { stat } from 'node:fs/promises'
import type { Config } from './config/index.ts'
import {
  bindDirectory,
  measuredDatabase,
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
import { createRecorder, keepRecording, rebuildInstallation, type Rebuilt, type Recorder } from './features/recovery/index.ts'
import {
  createClientOf,
  createHttp,
  createReadiness,
  createRequestMetrics,
  listen,
  listenOps,
  type Http,
  type Listener,
  type Readiness,
} from './http/index.ts'
import { openFileCount, systemClock, systemIds } from './lib/index.ts'
import { createFileDestination, createGauge, createLogger, createProfiler, processMetrics, type Logger, type Metric } from './observe/index.ts'
import { allowAll, createCollector, createRegistry, keepCollecting, standingHolds, type CollectorDeps } from './registry/index.ts'
import { createFilesystemSegments, createFilesystemStore, measuredStore } from './storage/index.ts'
import { transactions } from './transactions.ts'

/** The program as a value: `fetch` is the whole server, without a port. */
export interface App {
  readonly fetch: Http['fetch']
  readonly readiness: Readiness
  readonly metrics: readonly Metric[]
  /** Settles with an error when the state of the database is no longer known: the process is to end. */
  readonly broken: Promise<DatabaseError>
  /** Ends background work and closes the database; requests must have ended before. */
  close(): Promise<void>
}

export interface RunningServer {
  readonly url: string
  /** Where operators look; absent without `ops.listen`. */
  readonly opsUrl: string | undefined
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
    const measured = measuredDatabase(await openBoundDatabase(config, directory, logger, broken.resolve), systemClock)
    const { store, metrics: storeMetrics } = measuredStore(createFilesystemStore({ root: directory.path }), systemClock)
    const { database } = measured
    const requestMetrics = createRequestMetrics()
    const readiness = createReadiness({
      checks: { database: () => database.one(standingHolds, systemClock.now()), storage: () => stat(directory.path) },
      clock: systemClock,
    })
    const { gc, uploads, storage, push } = config
    const settings = { lease: gc.lease, drain: gc.drain, uploadExpiry: uploads.expiry, verify: storage.verify, sparse: push.sparse }
    const core = { database, store, clock: systemClock, ids: systemIds, settings }
    const http = createHttp({
      registry: createRegistry({ ...core, authorize: allowAll, contentCache }),
      limits: config.limits,
      logger,
      ids: systemIds,
      clock: systemClock,
      readiness,
      requestMetrics,
      anonymousMayPull: true,
      clientOf: createClientOf({ trusted: config.http.trusted_proxies, header: config.http.forwarded_header }),
    })
    const recorder = openRecorder(database, directory, logger)
    const endWork = startWork(config, core, recorder, logger)
    const close = async (): Promise<void> => {
      await endWork()
      await database.close()
      directory.release()
    }
    const metrics = [...requestMetrics.metrics, ...measured.metrics, ...storeMetrics, ...stateMetrics(database, recorder)]
    return { fetch: (...request) => http.fetch(...request), readiness, metrics, broken: broken.promise, close }
  } catch (error) {
    directory.release()
    throw error
  }
}

/** What goes on beside the requests, until the returned function is called. */
function startWork(config: Config, core: CollectorDeps, recorder: Recorder, logger: Logger): () => Promise<void> {
  const { database, store } = core
  const endCollection = keepCollecting(createCollector(core), { interval: config.gc.interval, clock: systemClock, logger })
  const scrubbing = { database, store, clock: systemClock, ids: systemIds, rate: config.storage.scrub, logger }
  const endScrubbing = config.storage.scrub === 0 ? undefined : keepScrubbing(createScrubber(scrubbing), scrubbing)
  const endRecording = keepRecording(recorder, { clock: systemClock, logger })
  return async () => {
    await endCollection()
    await endScrubbing?.()
    await endRecording()
  }
}

function stateMetrics(database: Database, recorder: Recorder): Metric[] {
  return [
    createGauge('berth_collection_holds', 'What keeps garbage collection from running, such as a backup.', async () => {
      return (await database.all(standingHolds, systemClock.now())).length
    }),
    createGauge('berth_recovery_lag_seconds', 'Age of the newest change that is not in the recovery segments yet.', () => {
      const lag = recorder.lag()
      return lag === undefined ? undefined : lag / 1000
    }),
  ]
}

function openRecorder(database: Database, { path }: DataDirectory, logger: Logger): Recorder {
  const onBroken = (reason: string): void => logger.warn('the recovery segments begin anew with a whole snapshot', { reason })
  const segments = createFilesystemSegments({ root: path })
  return createRecorder({ database, segments, clock: systemClock, onBroken })
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
export async function startServer(version: string, config: Config): Promise<RunningServer> {
  const logger = createLogger({ level: config.log.level })
  const app = await buildApp(config, logger)
  const closed = Promise.withResolvers<void>()
  try {
    const ops = listenForOperators(version, config, app, logger)
    let listener
    try {
      listener = listen({ hostname: config.listen.host, port: config.listen.port, fetch: app.fetch, logger })
    } catch (error) {
      await ops?.stop(0)
      throw error
    }
    const close = async (): Promise<void> => {
      app.readiness.drain()
      await listener.stop(config.http.drain)
      await ops?.stop(0)
      await app.close()
      await logger.close()
      closed.resolve()
    }
    void app.broken.then((error) => {
      logger.error('the database can no longer be trusted in this process: start the server again to recover', { error })
      void logger.close().then(closed.resolve)
    })
    return { url: listener.url, opsUrl: ops?.url, closed: closed.promise, close }
  } catch (error) {
    await app.close()
    throw error
  }
}

function listenForOperators(version: string, { ops }: Config, app: App, logger: Logger): Listener | undefined {
  if (ops.listen === undefined) return undefined
  const metrics = [...app.metrics, ...processMetrics({ version, startedAt: systemClock.now(), openFiles: openFileCount })]
  const profiler = createProfiler(systemClock)
  try {
    return listenOps({ hostname: ops.listen.host, port: ops.listen.port, readiness: app.readiness, metrics, profiler, logger })
  } catch (error) {
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), { setting: 'ops.listen' })
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
