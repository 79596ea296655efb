import type { Cores, Machine } from './machine/index.ts'
import type { SystemId } from './systems/index.ts'
import type { Workload } from './workloads/index.ts'

/** Everything the page is drawn from: plain data, recorded as JSON. Workloads may come from different sittings. */
export interface Results {
  readonly systems: readonly SystemResult[]
  readonly workloads: readonly WorkloadResult[]
}

/** When and where one workload was measured. */
export interface Sitting {
  /** ISO 8601, UTC. */
  readonly recordedAt: string
  /** Of the checkout, with `, changed` where files differ from it. */
  readonly commit: string
  readonly machine: Machine
  readonly cores: Cores
}

export interface SystemResult {
  readonly id: SystemId
  readonly name: string
  readonly version: string
  readonly facts: string
  readonly command: string
  readonly files: Readonly<Record<string, string>>
}

export interface WorkloadResult
  extends Pick<Workload, 'id' | 'title' | 'what' | 'unit' | 'cpuUnit' | 'shows' | 'warmUp' | 'measured' | 'turns'> {
  readonly sitting: Sitting
  readonly parts: readonly PartResult[]
  readonly goals: readonly GoalResult[]
}

export interface PartResult {
  /** Empty where a workload has only one. */
  readonly name: string
  /** In the order of the systems. */
  readonly measurements: readonly Measurement[]
}

/** What one system did: a sample for each run that counts, a reason for each that does not. */
export interface Measurement {
  readonly system: SystemId
  readonly samples: readonly Sample[]
  readonly voided: readonly string[]
}

export interface Sample {
  /** Units that were done. */
  readonly done: number
  /** CPU of the server for one unit, in microseconds. */
  readonly cpuMicros: number
  /** Units a second. */
  readonly rate: number
  /** Milliseconds of one request. */
  readonly p50: number
  readonly p99: number
  readonly peakBytes: number
  /** Resident afterwards, once the server was at rest; only where the workload shows it. */
  readonly restBytes?: number
  /** On the disk for nothing, afterwards; only where the workload looks. */
  readonly leftBytes?: number
  /** How much of its core each side used, 0 to 1. */
  readonly serverBusy: number
  readonly clientBusy: number
}

export interface GoalResult {
  readonly text: string
  readonly kind: 'at most' | 'at least'
  readonly limit: number
  readonly unit: string
  readonly figure: number
  readonly met: boolean
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Of the middle two the mean, where there is no one in the middle. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const last = sorted.length - 1
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, least: at(0), most: at(last) }
}

export function spread(measurement: Measurement, figure: keyof Sample): Spread {
  return spreadOf(measurement.samples.map((sample) => sample[figure] ?? Number.NaN))
}

/** What is known, with workloads and systems that were measured anew in the place of their old results. */
export function merge(known: Results, fresh: Results): Results {
  const by = <T extends { readonly id: string }>(old: readonly T[], young: readonly T[]): T[] => [
    ...old.map((one) => young.find(({ id }) => id === one.id) ?? one),
    ...young.filter(({ id }) => !old.some((one) => one.id === id)),
  ]
  return { systems: by(known.systems, fresh.systems), workloads: by(known.workloads, fresh.workloads) }
}
