import { createGauge, createReadCounter, type Metric } from './metric.ts'

export interface ProcessFacts {
  readonly version: string
  /** Wall time of the start, milliseconds since the epoch. */
  readonly startedAt: number
  /** Open file descriptors; absent where the system does not tell. */
  readonly openFiles: () => number | undefined
}

/** Under the names every client library of Prometheus gives them. */
export function processMetrics({ version, startedAt, openFiles }: ProcessFacts): Metric[] {
  const build: Metric = {
    name: 'berth_build_info',
    help: 'Always 1; the version that runs is its label.',
    type: 'gauge',
    samples: () => [{ suffix: '', labels: [['version', version]], value: 1 }],
  }
  return [
    build,
    createReadCounter('process_cpu_seconds_total', 'CPU time used, user and system, in seconds.', cpuSeconds),
    createGauge('process_resident_memory_bytes', 'Memory that is in RAM.', () => process.memoryUsage.rss()),
    createGauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', () => startedAt / 1000),
    createGauge('process_open_fds', 'Open file descriptors.', openFiles),
  ]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
