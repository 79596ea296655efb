import type { Sample } from '../results.ts'
import type { RunningSystem, System, SystemId } from '../systems/index.ts'

/** Something to measure, as data. Another one is another file and a line in index.ts. */
export interface Workload {
  readonly id: string
  readonly title: string
  /** One sentence or two for the page: what is sent, by how many, what is checked. */
  readonly what: string
  /** What is measured, one after the other on the same server. Nothing where it is only one thing. */
  readonly parts?: readonly Part[]
  /** What is counted. */
  readonly unit: 'request' | 'artifact' | 'GB' | 'page' | 'start' | 'operation'
  /** CPU of the server for one of them is shown in this. */
  readonly cpuUnit: 'µs' | 'ms' | 's'
  /** What the chart shows, what is to be compared first. Memory at rest is read where it is among them. */
  readonly shows: readonly Figure[]
  readonly systems: readonly SystemId[]
  /** Programs beside the systems, with how to get them. */
  readonly tools: Readonly<Record<string, string>>
  /** Each run: seconds that are not counted, then seconds that are. 0 counted ones: work of a fixed size. */
  readonly warmUp: number
  readonly measured: number
  /**
   * Parts that are compared with one another take turns in each run, each so many times for an equal part of the measured time,
   * since a machine may be half as fast a few seconds later. One part after the other, if absent.
   */
  readonly turns?: number
  readonly goals: readonly Goal[]
  /** Servers speak TLS, with a certificate of this run. */
  readonly tls?: true
  /** Servers ask who it is: `place.login` is who may do everything. */
  readonly login?: true
  /** Berth shows its metrics at the port `place.metrics`. */
  readonly metrics?: true
  /** YAML for Berth, where it is not measured as it comes. */
  readonly settings?: (scale: Scale) => string
  /**
   * Fills the storage of each system once; every run is then a new process on it. Without it every run begins empty. Workloads
   * that follow one another with the same function use the same storage.
   */
  readonly fill?: (system: System, server: RunningSystem, scale: Scale) => Promise<void>
  /** Done to the storage before each run, while nothing runs. */
  readonly age?: (folder: string) => void
  /** The page cache is dropped for the files of the storage before each run. */
  readonly cold?: true
  /** Readies a server that was just started. */
  readonly prepare: (system: System, server: RunningSystem, scale: Scale) => Promise<Load>
}

export interface Part {
  readonly name: string
  /** Of the workload's systems those that can do this; all, if absent. */
  readonly systems?: readonly SystemId[]
}

/** How many there are of something in this run, of so many in a full one: at least one. */
export type Scale = (full: number) => number

/** What a prepared server is put under. Rejects at the first wrong status or byte: that run is void. */
export interface Load {
  /** @param part its name, empty where the workload has no parts */
  run(seconds: number, part: string): Promise<Outcome>
  /** After the measured time: what could not be checked within it. */
  check(): Promise<void>
  /** Lets go of its connections, whatever happened. */
  close(): void
}

export interface Outcome {
  /** How many units were done. */
  readonly done: number
  readonly seconds: number
  /** Of one request, in milliseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU of the generator. */
  readonly clientSeconds: number
  /** CPU of the server, where it is not what it used during the run. */
  readonly serverSeconds?: number
  /** On the disk for nothing, afterwards. */
  readonly leftBytes?: number
}

/** A target for Berth: a figure that must not be above, or not below, a limit. */
export interface Goal {
  readonly text: string
  readonly limit: number
  readonly kind: 'at most' | 'at least'
  readonly unit: string
  /** From the medians of the systems; undefined when one that it needs was not measured. */
  readonly figure: (part: (name: string) => Medians) => number | undefined
}

/** What is compared between systems. */
export type Figure = keyof Pick<Sample, 'cpuMicros' | 'rate' | 'p50' | 'p99' | 'peakBytes' | 'restBytes' | 'leftBytes'>

export type Medians = Readonly<Partial<Record<SystemId, Readonly<Record<Figure, number>>>>>
