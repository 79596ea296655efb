import { type Measurement, type Results, type Sample, spread, type WorkloadResult } from '../results.ts'
import type { Figure } from '../workloads/index.ts'
import { megabytes, nameOf, number, percent, shown } from './format.ts'

/** The table of one workload as text, its heading first. */
export function rowsOf(results: Results, workload: WorkloadResult): string[][] {
  const extra = workload.shows.includes('leftBytes')
  const heading = [
    ...(workload.parts.length > 1 ? ['', ''] : ['']),
    shown('cpuMicros', workload).caption,
    shown('rate', workload).caption,
    'p50, ms',
    'p99, ms',
    'peak memory',
    ...(extra ? ['left on the disk'] : []),
    'server core busy',
    'client core busy',
    'runs',
  ]
  const rows = workload.parts.flatMap(({ name, measurements }) =>
    measurements.map((measurement) => [
      ...(workload.parts.length > 1 ? [name] : []),
      nameOf(results.systems, measurement.system),
      ...cellsOf(workload, measurement, extra),
    ]),
  )
  return [heading, ...rows]
}

function cellsOf(workload: WorkloadResult, measurement: Measurement, extra: boolean): string[] {
  const { samples, voided } = measurement
  const runs = voided.length === 0 ? `${samples.length}` : `${samples.length}, ${voided.length} void`
  if (samples.length === 0) return [...Array<string>(extra ? 8 : 7).fill('-'), runs]
  const median = (figure: keyof Sample): number => spread(measurement, figure).median
  const ranged = (figure: Figure): string => {
    const { scale } = shown(figure, workload)
    const { median: middle, least, most } = spread(measurement, figure)
    return `${number(scale(middle))} (${number(scale(least))} - ${number(scale(most))})`
  }
  return [
    ranged('cpuMicros'),
    ranged('rate'),
    number(median('p50')),
    number(median('p99')),
    megabytes(spread(measurement, 'peakBytes').most),
    ...(extra ? [megabytes(spread(measurement, 'leftBytes').most)] : []),
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

/** For a page; `names` columns at the left are text. */
export function markdownTable(rows: readonly (readonly string[])[], names: number): string {
  const [heading = [], ...others] = rows
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heading), line(heading.map((_, column) => (column < names ? '---' : '---:'))), ...others.map(line)].join('\n')
}
