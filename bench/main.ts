// Measures Berth beside other servers on this machine and draws the results into docs/benchmarks.md, which also explains them.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { components } from '../tools/components.ts'
import { ensure } from '../tools/ensure.ts'
import { drawFlames, hotPaths } from './flames.ts'
import { judge } from './judge.ts'
import {
  chooseCores,
  type Cores,
  describeMachine,
  endProcesses,
  findProgram,
  type Machine,
  openWorkspace,
  pinThisProcess,
} from './machine/index.ts'
import { measure, type Plan, type Surroundings } from './measure.ts'
import { goalLine, plainTable, record, rowsOf } from './report/index.ts'
import type { Results, Sitting, WorkloadResult } from './results.ts'
import { berth, describeSystem, givenSystems, type System, systems as ownSystems, versionOf } from './systems/index.ts'
import { type Workload, workloads } from './workloads/index.ts'

const usage = `usage: npm run bench [-- [--quick] [--only ID,...] [--zot PATH] [--olareg PATH] | -- --page | -- --flames]

  --quick         one short run of each on less data, to see that all works; nothing is recorded
  --only          the workloads named: ${workloads.map(({ id }) => id).join(', ')}; they take the place of their last results
  --zot, --olareg measured too, from this binary
  --page          measure nothing; draw the page again from what was recorded
  --flames        measure nothing; profile Berth under ${hotPaths.map(({ id }) => id).join(', ')} and draw the flame graphs`

const full: Plan = { runs: 5, part: 1, size: 1 }
const quick: Plan = { runs: 1, part: 0.5, size: 0.1 }

interface Asked {
  readonly plan: Plan
  readonly wanted: readonly Workload[]
  readonly systems: readonly System[]
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string' },
      zot: { type: 'string' },
      olareg: { type: 'string' },
      page: { type: 'boolean' },
      flames: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return say(usage)
  if (values.page === true) return say(`written: ${recordResults({ systems: [], workloads: [] }).join(', ')}`)
  if (process.platform !== 'linux') throw new Error('what servers use is read from /proc, so this needs Linux')
  const given = (['zot', 'olareg'] as const).flatMap((id) => (values[id] === undefined ? [] : givenSystems[id](values[id])))
  if (values.flames === true) return await flames({ plan: full, wanted: hotPaths, systems: [berth] })
  const wanted = chosen(values.only)
  // Peers that no workload asks for need not be there: one of them takes minutes to build.
  const systems = [...ownSystems, ...given].filter(({ id }) => wanted.some((workload) => workload.systems.includes(id)))
  const asked = { plan: values.quick === true ? quick : full, wanted, systems }
  await setUp(asked)
  return await measureAll(asked, findSystems(asked))
}

function chosen(only: string | undefined): readonly Workload[] {
  if (only === undefined) return workloads
  const names = only.split(',')
  const unknown = names.filter((name) => !workloads.some(({ id }) => id === name))
  if (unknown.length > 0) throw new Error(`no workload is named ${unknown.join(', ')}\n${usage}`)
  return workloads.filter(({ id }) => names.includes(id))
}

function say(text: string, code = 0): number {
  console.log(text)
  return code
}

/** Installs the peers and the programs that make the load, where this machine allows it. */
async function setUp({ systems, wanted }: Asked): Promise<void> {
  const needed = new Set<string>([...systems.map(({ id }) => id), ...wanted.flatMap(({ tools }) => Object.keys(tools))])
  for (const { component, reason } of await ensure(components.filter(({ name }) => needed.has(name)))) {
    tell(`${component.name} could not be installed: ${reason}`)
  }
}

/** Says what is missing. Other systems may be, with their columns; Berth and the programs that make the load may not. */
function findSystems({ systems, wanted }: Asked): Map<System, string> {
  const needed = [{ taskset: 'apt-get install util-linux' }, ...wanted.map((workload) => workload.tools)]
  const tools = new Map(needed.flatMap((one) => Object.entries<string>(one)))
  const missing = [...tools].filter(([name]) => findProgram(name) === undefined)
  if (missing.length > 0) throw new Error(missing.map(([name, install]) => `${name} is missing: ${install}`).join('\n'))
  const found = new Map<System, string>()
  for (const system of systems) {
    const version = versionOf(system)
    const mayMiss = ownSystems.includes(system) && system !== berth
    if (version !== undefined) found.set(system, version)
    else if (mayMiss) tell(`${system.name} is missing and left out: ${system.install}`)
    else throw new Error(`${system.name} does not start: ${system.install}`)
  }
  return found
}

async function flames(asked: Asked): Promise<number> {
  await setUp(asked)
  findSystems(asked)
  return await inWorkspace(async ({ machine, ...around }) => {
    const { processor, load } = machine
    const taken = `taken ${new Date().toISOString().slice(0, 10)} at commit ${commitOfCheckout()} on ${processor}`
    const asOf = `${taken}, load average before ${load.toFixed(2)}`
    return say(`written: ${(await drawFlames(asOf, around)).join(', ')}`)
  })
}

interface Bench extends Surroundings {
  readonly machine: Machine
  readonly cores: Cores
}

/** Servers on one core, this process on another, in a folder that is gone afterwards. */
async function inWorkspace<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  const workspace = openWorkspace()
  const stopped = stopOnSignal()
  try {
    const cores = chooseCores()
    // Once, for its load: later that would be our own.
    const machine = describeMachine(workspace.fileSystem)
    pinThisProcess(cores.client)
    return await use({ serverCore: cores.server, folder: join(workspace.path, 'run'), tell, stopped, machine, cores })
  } finally {
    workspace.remove()
  }
}

/** Each workload is recorded as soon as it is measured: a sitting may be stopped, and go on another day with --only. */
async function measureAll(asked: Asked, present: ReadonlyMap<System, string>): Promise<number> {
  return await inWorkspace(async ({ machine, cores, ...around }) => {
    let voided = 0
    for (const [index, workload] of asked.wanted.entries()) {
      const sitting = { recordedAt: new Date().toISOString(), commit: commitOfCheckout(), machine, cores }
      const keepStorage = workload.fill !== undefined && asked.wanted[index + 1]?.fill === workload.fill
      const result = await measureWorkload(workload, [...present.keys()], asked.plan, sitting, { ...around, keepStorage })
      const results = { systems: [...present].map(([system, version]) => describeSystem(system, version)), workloads: [result] }
      print(results, result)
      const why = whyNotRecorded(asked, present, workload, result)
      if (why === undefined) recordResults(results)
      console.log(why === undefined ? 'recorded' : `not recorded: ${why}`)
      voided += voidRuns(result)
    }
    return voided === 0 ? 0 : 1
  })
}

async function measureWorkload(
  workload: Workload,
  present: readonly System[],
  plan: Plan,
  sitting: Sitting,
  around: Surroundings,
): Promise<WorkloadResult> {
  const taking = present.filter((system) => workload.systems.includes(system.id))
  const parts = await measure(workload, taking, plan, around)
  const { id, title, what, unit, cpuUnit, shows, warmUp, measured, turns, goals } = workload
  const times = { warmUp, measured, ...(turns === undefined ? {} : { turns }) }
  return { id, title, what, unit, cpuUnit, shows, ...times, sitting, parts, goals: judge(goals, parts) }
}

function voidRuns({ parts }: WorkloadResult): number {
  return parts[0]?.measurements.reduce((sum, { voided }) => sum + voided.length, 0) ?? 0
}

/** What is recorded has every run, all of them valid, beside every peer that can be installed. */
function whyNotRecorded(
  { plan }: Asked,
  present: ReadonlyMap<System, string>,
  workload: Workload,
  result: WorkloadResult,
): string | undefined {
  const absent = ownSystems.filter((system) => workload.systems.includes(system.id) && !present.has(system))
  if (plan !== full) return 'a quick run'
  if (absent.length > 0) return `without ${absent.map(({ name }) => name).join(', ')}`
  if (voidRuns(result) > 0) return `${voidRuns(result)} void runs`
  return undefined
}

function recordResults(results: Results): string[] {
  const systems = [...ownSystems.map(({ id }) => id), ...Object.keys(givenSystems)]
  return record(results, { systems, workloads: workloads.map(({ id }) => id) })
}

/** The first signal ends the servers; all that waits for them unwinds, so that no process and no folder stays behind. */
function stopOnSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = (): void => {
    stopping.abort(new Error('stopped by a signal; workloads that were not finished are not recorded'))
    endProcesses()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return stopping.signal
}

function commitOfCheckout(): string {
  if (findProgram('git') === undefined) return 'unknown'
  const git = (...flags: string[]) => Bun.spawnSync(['git', '-C', import.meta.dir, ...flags]).stdout.toString().trim()
  const changed = git('status', '--porcelain', '--', '../src', '../berth', '../package-lock.json') !== ''
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed ? ', changed' : ''}`
}

function print(results: Results, workload: WorkloadResult): void {
  console.log(`\n${workload.id}: ${workload.title}\n`)
  console.log(plainTable(rowsOf(results, workload)))
  console.log(['', ...workload.goals.map(goalLine)].join('\n'))
}

function tell(text: string): void {
  console.error(text)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 2
}
