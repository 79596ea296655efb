import { type Measurement, type Results, type Sample, spread, type WorkloadResult } from '../results.ts'
import { inCpuUnit, megabytes, number, percent } from './format.ts'

/** The table of one workload as text, its heading first. */
export function rowsOf(results: Results, workload: WorkloadResult): string[][] {
  const heading = [
    '',
    `CPU per ${workload.unit}, ${workload.cpuUnit}`,
    `${workload.unit}s a second`,
    'p50, ms',
    'p99, ms',
    'peak memory',
    'server core busy',
    'client core busy',
    'runs',
  ]
  return [heading, ...workload.measurements.map((measurement) => rowOf(results, workload, measurement))]
}

function rowOf({ systems }: Results, workload: WorkloadResult, measurement: Measurement): string[] {
  const name = systems.find(({ id }) => id === measurement.system)?.name ?? measurement.system
  const { samples, voided } = measurement
  const runs = voided.length === 0 ? `${samples.length}` : `${samples.length}, ${voided.length} void`
  if (samples.length === 0) return [name, ...Array<string>(7).fill('-'), runs]
  const median = (figure: keyof Sample): number => spread(measurement, figure).median
  const ranged = (figure: keyof Sample, scale: (value: number) => number = (value) => value): string => {
    const { median: middle, least, most } = spread(measurement, figure)
    return `${number(scale(middle))} (${number(scale(least))} - ${number(scale(most))})`
  }
  return [
    name,
    ranged('cpuMicros', (micros) => inCpuUnit(workload, micros)),
    ranged('rate'),
    number(median('p50')),
    number(median('p99')),
    megabytes(spread(measurement, 'peakBytes').most),
    percent(median('serverBusy')),
    percent(median('clientBusy')),
    runs,
  ]
}

/** For a terminal. */
export function plainTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd()).join('\n')
}

/** For a page. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...others] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map((_, column) => (column === 0 ? '---' : '---:'))), ...others.map(line)].join('\n')
}
