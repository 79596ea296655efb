import { createAttemptMemory } from './access/index.ts'
import type { Config } from './config/index.ts'
import {
  bindDirectory,
  createCommitCount,
  joinWriter,
  openDataDirectory,
  openPostgresDatabase,
  openSqliteDatabase,
  type Database,
  type DatabaseError,
  type DataDirectory,
  type DirectoryUse,
  type WriterThread,
} from './database/index.ts'
import { backUpInstallation, restoreInstallation, type BackupSummary, type CopyWatch } from './features/backup/index.ts'
import { collectInstallation, type CollectReport, type CollectRequest } from './features/collection/index.ts'
import { checkInstallation, type CheckRequest, type CheckResult } from './features/integrity/index.ts'
import { rebuildInstallation, type Rebuilt } from './features/recovery/index.ts'
import {
  claimPort,
  createReadiness,
  listenForRedirects,
  listenOps,
  type FrontListener,
  type Http,
  type Listener,
  type Readiness,
} from './http/index.ts'
import { queueMetrics } from './jobs/index.ts'
import { openFileCount, systemClock, systemIds } from './lib/index.ts'
import { jobKinds } from './management.ts'
import { createFileDestination, createGauge, createLogger, createProfiler, processMetrics, type Logger, type Metric, type Profiler } from './observe/index.ts'
import { standingHolds } from './registry/index.ts'
import { createServing, listenForClients, openKept, openTls, prepareAccess, settingsOf, warnOfIdleError, type Kept, type MadeAdmin } from './serving.ts'
import { transactions } from './transactions.ts'
import { startWorkers, type Thread } from './workers/index.ts'
import { startWork } from './working.ts'

/** Everything that runs but the listeners. */
interface Running {
  readonly readiness: Readiness
  readonly metrics: readonly Metric[]
  /** Of the main thread, then of each that answers requests. */
  readonly profilers: readonly Profiler[]
  /** The account that was made because nobody could administer the registry. */
  readonly firstAdmin: MadeAdmin | undefined
  /** Settles when the process can't go on and is to end: with what to say about it. */
  readonly broken: Promise<Broken>
  /** Begins to answer requests on the configured port. */
  listen(): Promise<FrontListener>
  /** Ends background work and closes the database; requests must have ended before. */
  close(): Promise<void>
}

interface Broken {
  readonly message: string
  readonly error: Error
}

/** The program as a value: `fetch` is the whole server, without a port. */
export interface App extends Running {
  readonly fetch: Http['fetch']
}

export interface RunningServer {
  /** Absent where it only works. */
  readonly url: string | undefined
  /** Where operators look; absent without `ops.listen`. */
  readonly opsUrl: string | undefined
  readonly firstAdmin: MadeAdmin | undefined
  readonly closed: Promise<void>
  /** Reads the certificate again; absent without TLS. Never fails: what is wrong is logged. */
  readonly reload?: (() => Promise<void>) | undefined
  close(): Promise<void>
}

/** The composition root: the only place that knows every part. */
export async function buildApp(config: Config, logger: Logger): Promise<App> {
  const back = await openBack(config, logger)
  const { fetch, readiness, metrics, close } = createServing(config, back.kept, logger)
  const { port } = config.listen
  return {
    fetch,
    readiness,
    metrics: [...metrics, ...back.metrics],
    profilers: [createProfiler(systemClock)],
    broken: back.broken,
    firstAdmin: back.firstAdmin,
    listen: async () => await listenForClients(config, { port, shared: false, fetch, logger }),
    close: async () => {
      await close()
      await back.close()
    },
  }
}

/** The same with several threads that answer requests: this one does everything else, and writes the log for all. */
async function buildThreads(config: Config, logger: Logger, lines: (text: string) => void): Promise<Running> {
  const commits = createCommitCount()
  const attempts = createAttemptMemory()
  const back = await openBack(config, logger, commits)
  const { directory, writer } = back
  const place = { path: directory.path, databasePath: directory.databasePath, installation: back.kept.core.database.installation }
  try {
    const workers = await startWorkers({
      count: config.workers,
      startThread: () => new Worker(new URL('./worker.ts', import.meta.url)) as unknown as Thread,
      startOf: () => {
        const port = writer && joinWriter(writer)
        const start = { config, directory: place, attempts, sqlite: port && { writer: port, commits } }
        return { start, transfer: port === undefined ? [] : [port] }
      },
      clock: systemClock,
      broken: back.broken.then(({ message, error }) => new Error(message, { cause: error })),
      report: { lines, broken: (error) => back.fail(databaseBroken, error), ended: (error) => back.fail(threadsBroken, error) },
    })
    return {
      readiness: createReadiness({ checks: { ...back.kept.checks, ...workers.checks }, clock: systemClock }),
      metrics: await workers.metrics(back.metrics),
      profilers: [createProfiler(systemClock), ...workers.profilers],
      broken: back.broken,
      firstAdmin: back.firstAdmin,
      listen: async () => await workers.listen(claimPort({ hostname: config.listen.host, port: config.listen.port })),
      close: async () => {
        await workers.close()
        await back.close()
      },
    }
  } catch (error) {
    await back.close()
    throw error
  }
}

/** What a server has once, however many threads answer requests: its directory, its database, the work beside the requests. */
interface Back {
  readonly directory: DataDirectory
  readonly kept: Kept
  /** The thread that writes an SQLite database. */
  readonly writer: WriterThread | undefined
  readonly metrics: readonly Metric[]
  readonly broken: Promise<Broken>
  readonly firstAdmin: MadeAdmin | undefined
  fail(message: string, error: Error): void
  close(): Promise<void>
}

const threadsBroken = 'this process can answer requests no longer: start the server again'
const databaseBroken = 'the database can no longer be trusted in this process: start the server again to recover'

/** An SQLite database is one process's. */
function directoryUse({ database }: Config): DirectoryUse {
  return database.url === undefined ? 'alone' : 'shared'
}

async function openBack(config: Config, logger: Logger, commits?: Int32Array): Promise<Back> {
  const directory = openDataDirectory(config.data, directoryUse(config))
  const { promise: broken, resolve: breakDown } = Promise.withResolvers<Broken>()
  const fail = (message: string, error: Error): void => breakDown({ message, error })
  let writer: WriterThread | undefined
  const startWriter = (): WriterThread => (writer = startWriterThread())
  try {
    const onFatal = (error: DatabaseError): void => fail(databaseBroken, error)
    const opened = await openBoundDatabase(config, directory, { logger, onFatal, startWriter, commits })
    const kept = openKept(config, opened, directory.path)
    const { database } = kept.core
    const firstAdmin = await prepareAccess(config, database, logger)
    const work = config.role === 'serve' ? undefined : startWork(config, kept.core, directory, logger)
    const close = async (): Promise<void> => {
      await work?.end()
      await database.close()
      directory.release()
    }
    return { directory, kept, writer, metrics: [...kept.metrics, holdsMetric(database), ...queueMetrics(database, jobKinds), ...(work?.metrics ?? [])], broken, firstAdmin, fail, close }
  } catch (error) {
    directory.release()
    throw error
  }
}

/** Resolved from this file, so that the compiled executable finds the thread's entry inside itself. */
function startWriterThread(): WriterThread {
  return new Worker(new URL('./writer.ts', import.meta.url)) as unknown as WriterThread
}

function holdsMetric(database: Database): Metric {
  return createGauge('berth_collection_holds', 'What keeps garbage collection from running, such as a backup.', async () => {
    return (await database.all(standingHolds, systemClock.now())).length
  })
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

interface Opening {
  readonly logger: Logger
  readonly onFatal: (error: DatabaseError) => void
  readonly startWriter: () => WriterThread
  /** Where commits are counted for the threads that answer requests; absent where this one does. */
  readonly commits?: Int32Array | undefined
}

/** Connections to PostgreSQL for the work beside the requests, where other threads answer those. */
const connectionsOfWork = 4

async function openDatabase(config: Config, directory: DataDirectory, { logger, commits, ...sqlite }: Opening): Promise<Database> {
  const common = { mustExist: directory.holdsData, clock: systemClock, ids: systemIds }
  const { url } = config.database
  if (url !== undefined) {
    const connections = config.workers === 1 ? undefined : connectionsOfWork
    return await openPostgresDatabase({ ...common, url, connections, onIdleError: warnOfIdleError(logger) })
  }
  return await openSqliteDatabase({ ...common, ...sqlite, commits, installation: directory.installation, path: directory.databasePath })
}

/** Builds the app and listens. Fails when it cannot serve; then nothing is left running. */
export async function startServer(version: string, config: Config): Promise<RunningServer> {
  const destination = createFileDestination(1)
  const logger = createLogger({ level: config.log.level, destination })
  // Before anything is made: what is wrong with the certificate is to leave nothing behind.
  const tls = await openTls(config)
  const app = await (config.workers === 1 || config.role === 'work' ? buildApp(config, logger) : buildThreads(config, logger, (lines) => destination.write(lines)))
  const closed = Promise.withResolvers<void>()
  try {
    const ops = listenForOperators(version, config, app, logger)
    let listener
    try {
      listener = config.role === 'work' ? undefined : await withRedirects(config, await app.listen(), logger)
    } catch (error) {
      await ops?.stop(0)
      throw error
    }
    const close = async (): Promise<void> => {
      app.readiness.drain()
      await listener?.stop(config.http.drain)
      await ops?.stop(0)
      await app.close()
      await logger.close()
      closed.resolve()
    }
    void app.broken.then(({ message, error }) => {
      logger.error(message, { error })
      void logger.close().then(closed.resolve)
    })
    return { url: listener?.url, opsUrl: ops?.url, firstAdmin: app.firstAdmin, closed: closed.promise, reload: tls && listener?.reload, close }
  } catch (error) {
    await app.close()
    throw error
  }
}

/** Who comes with plain HTTP is sent to where TLS is spoken. */
async function withRedirects({ tls: { redirect }, proxy_protocol: { from: proxies }, limits }: Config, clients: FrontListener, logger: Logger) {
  if (redirect === undefined) return clients
  try {
    const connections = { all: limits.connections, perAddress: limits.connections_per_address }
    const place = { hostname: redirect.host, port: redirect.port, to: clients.port }
    const redirects = listenForRedirects({ ...place, proxies, connections, logger, clock: systemClock })
    const stop = async (graceMs: number): Promise<void> => {
      await redirects.stop(0)
      await clients.stop(graceMs)
    }
    return { ...clients, stop }
  } catch (error) {
    await clients.stop(0)
    throw aboutSetting('tls.redirect', error)
  }
}

function listenForOperators(version: string, { ops }: Config, app: Running, logger: Logger): Listener | undefined {
  if (ops.listen === undefined) return undefined
  const metrics = [...app.metrics, ...processMetrics({ version, startedAt: systemClock.now(), openFiles: openFileCount })]
  try {
    return listenOps({ hostname: ops.listen.host, port: ops.listen.port, readiness: app.readiness, metrics, profilers: app.profilers, logger })
  } catch (error) {
    throw aboutSetting('ops.listen', error)
  }
}

/** For whoever tells what went wrong: the address that could not be listened on is the one of this setting. */
function aboutSetting(setting: string, error: unknown): Error {
  return Object.assign(error instanceof Error ? error : new Error(String(error)), { setting })
}

/** `berth fsck`: beside a server or without one. */
export async function checkIntegrity(config: Config, request: CheckRequest): Promise<CheckResult> {
  const logger = createLogger({ level: config.log.level, destination: createFileDestination(2) })
  const opening: Opening = { logger, onFatal: () => undefined, startWriter: startWriterThread }
  const openForRepair = async (directory: DataDirectory) => await openBoundDatabase(config, directory, opening)
  try {
    const uploadExpiry = config.uploads.expiry
    return await checkInstallation({ ...placeOf(config), uploadExpiry, openForRepair, onIdleError: warnOfIdleError(logger) }, request)
  } finally {
    await logger.close()
  }
}

/** `berth garbage-collect`, where no server runs; what it would free, beside one too. */
export async function collectGarbage(config: Config, request: CollectRequest): Promise<CollectReport> {
  const logger = createLogger({ level: config.log.level, destination: createFileDestination(2) })
  const opening: Opening = { logger, onFatal: () => undefined, startWriter: startWriterThread }
  const openToWrite = async (directory: DataDirectory) => await openBoundDatabase(config, directory, opening)
  try {
    const { rate } = config.gc
    return await collectInstallation({ ...placeOf(config), settings: settingsOf(config), rate, openToWrite, onIdleError: warnOfIdleError(logger) }, request)
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
