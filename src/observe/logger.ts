import { pino } from 'pino'
import { type Clock, systemClock } from '../lib/index.ts'
import { type AccessEntry, accessLine, isoTime, neutralize } from './access-line.ts'
import { createFileDestination, type LogDestination } from './log-destination.ts'
import { scrub } from './scrub.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** What a line says beside its message. `error` may be anything thrown: its message, stack and causes are written. */
export interface LogFields {
  readonly error?: unknown
  readonly [name: string]: unknown
}

/** Lines of JSON: `level`, `time` (ISO 8601, UTC), `msg`, then the fields. Control characters never reach the output raw. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The line of one request, at level `info`. */
  access(entry: AccessEntry): void
  /** Writes out what is buffered. Lines logged afterwards are lost. */
  close(): Promise<void>
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** Standard output when left out, through a buffer. */
  readonly destination?: LogDestination | undefined
  readonly clock?: Clock | undefined
}

export function createLogger(options: LoggerOptions): Logger {
  const { level, destination = createFileDestination(1), clock = systemClock } = options
  const lines = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoTime(clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error) => (error instanceof Error ? pino.stdSerializers.errWithCause(error) : error) },
      hooks: { streamWrite: (line) => neutralize(scrub(line)) },
    },
    destination,
  )
  const access = lines.isLevelEnabled('info')

  return Object.freeze({
    debug: (message: string, fields: LogFields = {}) => lines.debug(fields, message),
    info: (message: string, fields: LogFields = {}) => lines.info(fields, message),
    warn: (message: string, fields: LogFields = {}) => lines.warn(fields, message),
    error: (message: string, fields: LogFields = {}) => lines.error(fields, message),
    access(entry: AccessEntry): void {
      if (access) destination.write(accessLine(entry))
    },
    close: () => destination.close(),
  })
}
