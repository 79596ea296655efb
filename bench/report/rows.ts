import { type Measurement, type Results, type Sample, spread, type WorkloadResult } from '../results.ts'
import type { Figure } from '../workloads/index.ts'
import { megabytes, nameOf, number, percent, shown } from './format.ts'

/** Of those columns that only some workloads have. */
const extraNames = { restBytes: 'memory at rest', leftBytes: 'left on the disk' } as const
type Extra = keyof typeof extraNames

/** The table of one workload as text, its heading first. */
export function rowsOf(results: Results, workload: WorkloadResult): string[][] {
  const extra = (['restBytes', 'leftBytes'] as const).filter((figure) => workload.shows.includes(figure))
  const heading = [
    ...(workload.parts.length > 1 ? ['', ''] : ['']),
    shown('cpuMicros', workload).caption,
    shown('rate', workload).caption,
    'p50, ms',
    'p99, ms',
    'peak memory',
    ...extra.map((figure) => extraNames[figure]),
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

function cellsOf(workload: WorkloadResult, measurement: Measurement, extra: readonly Extra[]): string[] {
  const { samples, voided } = measurement
  const runs = voided.length === 0 ? `${samples.length}` : `${samples.length}, ${voided.length} void`
  if (samples.length === 0) return [...Array<string>(7 + extra.length).fill('-'), runs]
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
    ...extra.map((figure) => megabytes(spread(measurement, figure).most)),
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
