export { type AccessEntry, isoTime } from './access-line.ts'
export { createFileDestination, type LogDestination } from './log-destination.ts'
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
