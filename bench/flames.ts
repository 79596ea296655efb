import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './machine/index.ts'
import type { Surroundings } from './measure.ts'
import { type CpuProfile, flameGraph, flameTree } from './report/index.ts'
import { berth, type System, startSystem } from './systems/index.ts'
import { type Scale, type Workload, workloads } from './workloads/index.ts'

const checkout = join(import.meta.dir, '..')
const pictures = join(checkout, 'docs/benchmarks')

/** The workloads that are drawn, and for how many seconds it is looked at; a fixed amount of work ends before. */
const looks: Readonly<Record<string, number>> = { M1: 10, B1: 10, U5: 10, U1: 5 }

export const hotPaths: readonly Workload[] = workloads.filter(({ id }) => id in looks)

/** Draws a flame graph of Berth under each of these, from the profiles that it takes of itself. Returns what was written. */
export async function drawFlames(asOf: string, around: Surroundings): Promise<string[]> {
  const written: string[] = []
  for (const workload of hotPaths) {
    const path = join(pictures, `${workload.id.toLowerCase()}-flames.svg`)
    const full = { warmUp: workload.warmUp, seconds: looks[workload.id] ?? 0, scale: (count: number) => count }
    writeFileSync(path, flamesOf(workload, await profileUnder(workload, full, around), asOf))
    around.tell(`${workload.id}: ${workload.title}: drawn`)
    written.push(path)
  }
  return written
}

export function flamesOf({ id, title }: Workload, profile: CpuProfile, asOf: string): string {
  const counted = `${profile.samples.length.toLocaleString('en')} samples of the thread that answers`
  return flameGraph(flameTree(profile, checkout), [`${id}: ${title}`, `${counted}, ${asOf}`])
}

export interface Look {
  /** Seconds before it. */
  readonly warmUp: number
  /** A whole number. */
  readonly seconds: number
  readonly scale: Scale
}

/** What Berth saw of itself while a workload ran; the wait of an idle thread is no part of it. */
export async function profileUnder(workload: Workload, look: Look, around: Surroundings): Promise<CpuProfile> {
  const { folder, serverCore, stopped } = around
  stopped.throwIfAborted()
  mkdirSync(folder, { recursive: true })
  const operator = await freePort()
  const server = await startSystem(watched(operator), folder, serverCore)
  try {
    const load = await workload.prepare(berth, server, look.scale)
    try {
      if (look.warmUp > 0) await load.run(look.warmUp, '')
      const [profile] = await Promise.all([takeProfile(operator, look.seconds), load.run(look.seconds, '')])
      await load.check()
      return profile
    } finally {
      load.close()
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function takeProfile(port: number, seconds: number): Promise<CpuProfile> {
  const answer = await fetch(`http://127.0.0.1:${port}/debug/profile?seconds=${seconds}`)
  if (!answer.ok) throw new Error(`no profile: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as CpuProfile
}

/** Berth with a listener for its operator, which offers the profiles. */
function watched(operator: number): System {
  return {
    ...berth,
    files: () => ({ 'berth.yaml': `ops:\n  listen: 127.0.0.1:${operator}\n` }),
    command: (place) => [...berth.command(place), '--config', `${place.folder}/berth.yaml`],
  }
}
