import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { dropPageCache, memoryAtRest, readUse } from './machine/index.ts'
import { type Measurement, type PartResult, type Sample, spreadOf } from './results.ts'
import { type RunningSystem, startSystem, type System } from './systems/index.ts'
import type { Load, Scale, Workload } from './workloads/index.ts'

/** How long, how often and how much. */
export interface Plan {
  readonly runs: number
  /** Of the seconds a workload wants, this part. */
  readonly part: number
  /** Of the tags, blobs and bytes it wants, this part. */
  readonly size: number
}

export interface Surroundings {
  /** The core of the servers; any, if absent. */
  readonly serverCore?: number
  /** A folder that holds nothing else. */
  readonly folder: string
  readonly tell: (text: string) => void
  /** The workload that is measured next uses the storage that this one filled. */
  readonly keepStorage?: boolean
  /** Aborted when the benchmark is told to stop: nothing more is started. */
  readonly stopped: AbortSignal
}

/** Seconds without work after which memory is read. */
const restingTime = 2

/** Seconds; less warms nothing up. */
const shortestWarmUp = 0.2

/** By the name of the part. */
type Samples = ReadonlyMap<string, Sample>

/**
 * Every system under one workload, run after run, each run with a new process, and with empty storage or with one that was
 * filled once. The order turns from run to run, so that none is always the one that comes after another's disk writes.
 * @throws Error when told to stop
 */
export async function measure(
  workload: Workload,
  systems: readonly System[],
  plan: Plan,
  around: Surroundings,
): Promise<PartResult[]> {
  const taken = new Map<System, Samples[]>(systems.map((system) => [system, []]))
  const voided = new Map<System, string[]>(systems.map((system) => [system, []]))
  try {
    for (let run = 0; run < plan.runs; run++) {
      for (const system of rotated(systems, run)) {
        const about = `${workload.id}, run ${run + 1} of ${plan.runs}, ${system.name}`
        try {
          const samples = await measureOnce(workload, system, plan, around)
          taken.get(system)?.push(samples)
          for (const [part, sample] of samples) around.tell(`${about}${part && `, ${part}`}: ${inShort(workload, sample)}`)
        } catch (error) {
          around.stopped.throwIfAborted()
          const reason = error instanceof Error ? error.message : String(error)
          voided.get(system)?.push(reason)
          around.tell(`${about}: void: ${reason}`)
        }
      }
    }
  } finally {
    if (around.keepStorage !== true) rmSync(around.folder, { recursive: true, force: true })
  }
  const measurementOf = (system: System, part: string): Measurement => ({
    system: system.id,
    samples: (taken.get(system) ?? []).flatMap((samples) => samples.get(part) ?? []),
    voided: voided.get(system) ?? [],
  })
  return partsOf(workload).map(({ name, systems: able = workload.systems }) => ({
    name,
    measurements: systems.filter(({ id }) => able.includes(id)).map((system) => measurementOf(system, name)),
  }))
}

export function rotated<T>(list: readonly T[], by: number): T[] {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

function inShort({ unit }: Workload, { rate, cpuMicros }: Sample): string {
  return `${rate.toPrecision(4)} ${unit} a second, ${cpuMicros.toPrecision(4)} µs CPU each`
}

function partsOf({ parts = [{ name: '' }] }: Workload): NonNullable<Workload['parts']> {
  return parts
}

async function measureOnce(workload: Workload, system: System, plan: Plan, around: Surroundings): Promise<Samples> {
  around.stopped.throwIfAborted()
  const filled = workload.fill !== undefined
  const folder = join(around.folder, filled ? system.id : 'run')
  const scale: Scale = (full) => Math.max(1, Math.ceil(full * plan.size))
  try {
    if (filled && !existsSync(folder)) await fillOnce(workload, system, folder, scale, around)
    mkdirSync(folder, { recursive: true })
    if (workload.cold === true) dropPageCache(folder)
    workload.age?.(folder)
    return await withServer(workload, system, folder, around, scale, async (server) => {
      const load = await workload.prepare(system, server, scale)
      try {
        return await measureParts(workload, system, server, load, plan)
      } finally {
        load.close()
      }
    })
  } finally {
    if (!filled) rmSync(folder, { recursive: true, force: true })
  }
}

/** Storage that was filled only in part is not kept for the next run. */
async function fillOnce(workload: Workload, system: System, folder: string, scale: Scale, around: Surroundings): Promise<void> {
  mkdirSync(folder, { recursive: true })
  try {
    await withServer(workload, system, folder, around, scale, async (server) => await workload.fill?.(system, server, scale))
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function withServer<T>(
  { tls, login, metrics, settings }: Workload,
  system: System,
  folder: string,
  { serverCore, stopped }: Surroundings,
  scale: Scale,
  use: (server: RunningSystem) => Promise<T>,
): Promise<T> {
  stopped.throwIfAborted()
  const server = await startSystem(system, folder, serverCore, { tls, login, metrics, settings: settings?.(scale) })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

async function measureParts(workload: Workload, system: System, server: RunningSystem, load: Load, plan: Plan): Promise<Samples> {
  const able = partsOf(workload).filter(({ systems = workload.systems }) => systems.includes(system.id))
  const turns = Math.max(1, Math.round((workload.turns ?? 1) * plan.part))
  const taken = new Map(able.map(({ name }) => [name, [] as Sample[]]))
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, samples] of taken) {
      const warmUp = turn === 0 ? workload.warmUp * plan.part : 0
      if (warmUp >= shortestWarmUp) await load.run(warmUp, name)
      samples.push(await measureTurn(workload, server, load, plan, (workload.measured * plan.part) / turns, name))
    }
  }
  await load.check()
  return new Map([...taken].map(([name, samples]) => [name, sumOf(samples)]))
}

async function measureTurn(workload: Workload, server: RunningSystem, load: Load, plan: Plan, time: number, name: string): Promise<Sample> {
  // What was written until now is not to be written back during someone's measured time.
  Bun.spawnSync(['sync', '-f', server.place.folder])
  const before = readUse(server.pid)
  const { done, seconds, p50, p99, clientSeconds, serverSeconds, leftBytes } = await load.run(time, name)
  const { cpuSeconds, peakBytes } = readUse(server.pid)
  const used = serverSeconds ?? cpuSeconds - before.cpuSeconds
  const busy = { serverBusy: used / seconds, clientBusy: clientSeconds / seconds }
  const rests = workload.shows.includes('restBytes')
  const rest = rests ? { restBytes: await memoryAtRest(server.pid, restingTime * plan.part) } : {}
  const left = leftBytes === undefined ? {} : { leftBytes }
  return { done, cpuMicros: (used / done) * 1e6, rate: done / seconds, p50, p99, peakBytes, ...rest, ...left, ...busy }
}

/** All turns of a part as one sample: of latencies the median turn's, of memory and disk what there was at the end. */
function sumOf(turns: readonly Sample[]): Sample {
  const [first] = turns
  if (first === undefined) throw new Error('a part without a turn')
  const sum = (of: (sample: Sample) => number): number => turns.reduce((total, sample) => total + of(sample), 0)
  const median = (of: (sample: Sample) => number): number => spreadOf(turns.map(of)).median
  const done = sum((sample) => sample.done)
  const seconds = sum((sample) => sample.done / sample.rate)
  return {
    ...turns.at(-1) ?? first,
    done,
    cpuMicros: sum((sample) => sample.cpuMicros * sample.done) / done,
    rate: done / seconds,
    p50: median((sample) => sample.p50),
    p99: median((sample) => sample.p99),
    serverBusy: median((sample) => sample.serverBusy),
    clientBusy: median((sample) => sample.clientBusy),
  }
}
