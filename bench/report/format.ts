import type { WorkloadResult } from '../results.ts'

/** Three digits that count, thousands set apart. */
export function number(value: number): string {
  const digits = value === 0 ? 2 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', { minimumFractionDigits: Math.min(digits, 3), maximumFractionDigits: Math.min(digits, 3) })
}

/** Microseconds in the unit of the workload, as a number. */
export function inCpuUnit({ cpuUnit }: Pick<WorkloadResult, 'cpuUnit'>, micros: number): number {
  return cpuUnit === 'ms' ? micros / 1000 : micros
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}
