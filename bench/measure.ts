import { mkdirSync, rmSync } from 'node:fs'
import { type Cores, readUse } from './machine/index.ts'
import { type Measurement, type GoalResult, type Sample, spread } from './results.ts'
import { startSystem, type System } from './systems/index.ts'
import type { Goal, Medians, Workload } from './workloads/index.ts'

/** How long and how often. */
export interface Plan {
  readonly runs: number
  /** Of the seconds a workload wants, this part. */
  readonly part: number
}

export interface Surroundings {
  readonly cores: Cores
  /** An empty folder. */
  readonly folder: string
  readonly tell: (text: string) => void
  /** Aborted when the benchmark is told to stop: nothing more is started. */
  readonly stopped: AbortSignal
}

/**
 * Every system under one workload, run after run, each run with a new process and empty storage. The order turns from run to
 * run, so that none is always the one that comes after another's disk writes.
 * @throws Error when told to stop
 */
export async function measure(
  workload: Workload,
  systems: readonly System[],
  plan: Plan,
  around: Surroundings,
): Promise<Measurement[]> {
  const samples = new Map<System, Sample[]>(systems.map((system) => [system, []]))
  const voided = new Map<System, string[]>(systems.map((system) => [system, []]))
  for (let run = 0; run < plan.runs; run++) {
    for (const system of rotated(systems, run)) {
      const about = `${workload.id}, run ${run + 1} of ${plan.runs}, ${system.name}`
      try {
        const sample = await measureOnce(workload, system, plan, around)
        samples.get(system)?.push(sample)
        around.tell(`${about}: ${Math.round(sample.rate)} a second, ${sample.cpuMicros.toFixed(1)} µs CPU each`)
      } catch (error) {
        around.stopped.throwIfAborted()
        const reason = error instanceof Error ? error.message : String(error)
        voided.get(system)?.push(reason)
        around.tell(`${about}: void: ${reason}`)
      }
    }
  }
  return systems.map((system) => ({
    system: system.id,
    samples: samples.get(system) ?? [],
    voided: voided.get(system) ?? [],
  }))
}

export function rotated<T>(list: readonly T[], by: number): T[] {
  const first = by % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

async function measureOnce(workload: Workload, system: System, plan: Plan, around: Surroundings): Promise<Sample> {
  const { cores, folder, stopped } = around
  stopped.throwIfAborted()
  mkdirSync(folder)
  try {
    const server = await startSystem(system, folder, cores.server)
    try {
      const load = await workload.prepare(system, server)
      try {
        await load.run(workload.warmUp * plan.part)
        // What was written until now is not to be written back during someone's measured time.
        Bun.spawnSync(['sync'])
        const before = readUse(server.pid)
        const { done, seconds, p50, p99, clientSeconds } = await load.run(workload.measured * plan.part)
        const { cpuSeconds, peakBytes } = readUse(server.pid)
        await load.check()
        const used = cpuSeconds - before.cpuSeconds
        const busy = { serverBusy: used / seconds, clientBusy: clientSeconds / seconds }
        return { done, cpuMicros: (used / done) * 1e6, rate: done / seconds, p50, p99, peakBytes, ...busy }
      } finally {
        load.close()
      }
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The goals that can be judged by what was measured. */
export function judge(goals: readonly Goal[], measurements: readonly Measurement[]): GoalResult[] {
  const measured = measurements.filter(({ samples }) => samples.length > 0)
  const medians: Medians = Object.fromEntries(
    measured.map((one) => [one.system, { cpuMicros: spread(one, 'cpuMicros').median, rate: spread(one, 'rate').median }]),
  )
  return goals.flatMap(({ text, kind, limit, unit, figure: figureOf }) => {
    const figure = figureOf(medians)
    if (figure === undefined) return []
    return { text, kind, limit, unit, figure, met: kind === 'at most' ? figure <= limit : figure >= limit }
  })
}
