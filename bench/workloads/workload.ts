import type { RunningSystem, System, SystemId } from '../systems/index.ts'

/** Something to measure, as data. Another one is another file and a line in index.ts. */
export interface Workload {
  readonly id: string
  readonly title: string
  /** One sentence or two for the page: what is sent, by how many, what is checked. */
  readonly what: string
  /** What is counted. */
  readonly unit: 'request' | 'artifact'
  /** CPU of the server for one of them is shown in this. */
  readonly cpuUnit: 'µs' | 'ms'
  readonly systems: readonly SystemId[]
  /** Programs beside the systems, with how to get them. */
  readonly tools: Readonly<Record<string, string>>
  /** Each run: seconds that are not counted, then seconds that are. */
  readonly warmUp: number
  readonly measured: number
  readonly goals: readonly Goal[]
  /** Readies a server that was just started. */
  readonly prepare: (system: System, server: RunningSystem) => Promise<Load>
}

/** What a prepared server is put under. Rejects at the first wrong status or byte: that run is void. */
export interface Load {
  run(seconds: number): Promise<Outcome>
  /** After the measured time: what could not be checked within it. */
  check(): Promise<void>
  /** Lets go of its connections, whatever happened. */
  close(): void
}

export interface Outcome {
  /** How many units were done. */
  readonly done: number
  readonly seconds: number
  /** Of one unit, in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU of the generator. */
  readonly clientSeconds: number
}

/** A target for Berth: a figure that must not be above, or not below, a limit. */
export interface Goal {
  readonly text: string
  readonly limit: number
  readonly kind: 'at most' | 'at least'
  readonly unit: string
  /** From the medians of the systems; undefined when one that it needs was not measured. */
  readonly figure: (medians: Medians) => number | undefined
}

/** By system: CPU for one unit, in microseconds, and units a second. */
export type Medians = Readonly<Partial<Record<SystemId, { readonly cpuMicros: number; readonly rate: number }>>>
