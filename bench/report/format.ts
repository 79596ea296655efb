import type { SystemResult, WorkloadResult } from '../results.ts'
import type { Figure } from '../workloads/index.ts'

/** Three digits that count, thousands set apart. */
export function number(value: number): string {
  const digits = value === 0 ? 2 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', { minimumFractionDigits: Math.min(digits, 3), maximumFractionDigits: Math.min(digits, 3) })
}

/** How a figure is shown. */
export interface Shown {
  /** With its unit: `CPU per request, µs`. */
  readonly caption: string
  readonly better: 'less' | 'more'
  /** From the recorded value to the shown one. */
  readonly scale: (value: number) => number
}

const microsIn = { µs: 1, ms: 1e3, s: 1e6 } as const

export function shown(figure: Figure, { unit, cpuUnit }: Pick<WorkloadResult, 'unit' | 'cpuUnit'>): Shown {
  const mega = (value: number): number => value / 1e6
  const same = (value: number): number => value
  switch (figure) {
    case 'cpuMicros':
      return { caption: `CPU per ${unit}, ${cpuUnit}`, better: 'less', scale: (value) => value / microsIn[cpuUnit] }
    case 'rate':
      return { caption: `${unit}${unit === 'GB' ? '' : 's'} a second`, better: 'more', scale: same }
    case 'p50':
      return { caption: unit === 'start' ? 'until it answers, ms' : 'p50, ms', better: 'less', scale: same }
    case 'p99':
      return { caption: 'p99, ms', better: 'less', scale: same }
    case 'peakBytes':
      return { caption: 'peak memory, MB', better: 'less', scale: mega }
    case 'restBytes':
      return { caption: 'memory at rest, MB', better: 'less', scale: mega }
    case 'leftBytes':
      return { caption: 'left on the disk, MB', better: 'less', scale: mega }
  }
}

export function nameOf(systems: readonly SystemResult[], id: string): string {
  return systems.find((system) => system.id === id)?.name ?? id
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
