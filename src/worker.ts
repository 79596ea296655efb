import { openPostgresDatabase, openSqliteDatabase, writerAt, type Database } from './database/index.ts'
import type { FrontListener } from './http/index.ts'
import { systemClock, systemIds } from './lib/index.ts'
import { createLogger, createProfiler, createRelayedDestination, type Logger } from './observe/index.ts'
import { createServing, listenForClients, openKept, warnOfIdleError } from './serving.ts'
import { serveWorker, type Report, type Start, type WorkerApp, type WorkerPort } from './workers/index.ts'

// Entry of a thread that answers requests, beside others. `self` is the thread's end of the message port.
declare const self: unknown

serveWorker(self as WorkerPort, openWorker)

async function openWorker(start: Start, report: Report): Promise<WorkerApp> {
  const { config, directory, attempts } = start
  const logger = createLogger({ level: config.log.level, destination: createRelayedDestination((lines) => report.lines(lines)) })
  const database = await openDatabase(start, report, logger)
  const kept = openKept(config, database, directory.path)
  const owner = systemIds.uuid()
  const among = { threads: config.workers, owner, otherWriters: report.others, attempts }
  const { fetch, readiness, metrics, ...shared } = createServing(config, kept, logger, among)
  let listener: FrontListener | undefined
  return {
    metrics: [...metrics, ...kept.metrics],
    owner,
    release: (written) => shared.release(written),
    profiler: createProfiler(systemClock),
    reasons: () => readiness.reasons(),
    listen: async (port) => {
      listener = await listenForClients(config, { port, shared: true, fetch, logger })
      return { url: listener.url, port: listener.port }
    },
    reload: async () => await listener?.reload(),
    stop: async (graceMs) => {
      readiness.drain()
      await listener?.stop(graceMs)
    },
    close: async () => {
      await shared.close()
      await database.close()
      await logger.close()
    },
  }
}

/** How many connections to PostgreSQL all threads that answer requests may hold together, as long as each has two. */
const postgresConnections = 16

async function openDatabase({ config, directory, sqlite }: Start, report: Report, logger: Logger): Promise<Database> {
  const { databasePath: path, installation } = directory
  const common = { mustExist: true, beside: true, clock: systemClock, ids: systemIds } as const
  if (sqlite !== undefined) {
    const { writer, commits } = sqlite
    const startWriter = () => writerAt(writer)
    return await openSqliteDatabase({ ...common, installation, path, commits, startWriter, onFatal: (error) => report.broken(error) })
  }
  const connections = Math.max(2, Math.floor(postgresConnections / config.workers))
  return await openPostgresDatabase({ ...common, url: config.database.url ?? '', connections, onIdleError: warnOfIdleError(logger) })
}
