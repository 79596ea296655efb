export { type AccessEntry, isoTime } from './access-line.ts'
export { exposition, expositionType } from './exposition.ts'
export { createFileDestination, type LogDestination } from './log-destination.ts'
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export {
  createCounter,
  createGauge,
  createHistogram,
  createLabelledGauge,
  createReadCounter,
  type CounterSeries,
  type HistogramSeries,
  type Metric,
  type Sample,
} from './metric.ts'
export { createRelayedDestination } from './relayed-destination.ts'
export { processMetrics, type ProcessFacts } from './process-metrics.ts'
export { createProfiler, type Profiler } from './profiler.ts'
