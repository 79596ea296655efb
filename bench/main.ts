// Measures Berth beside other servers on this machine and draws the results into docs/benchmarks.md, which also explains them.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseCores, describeMachine, endProcesses, findProgram, openWorkspace, pinThisProcess } from './machine/index.ts'
import { judge, measure, type Plan, type Surroundings } from './measure.ts'
import { goalLine, plainTable, readRecorded, record, rowsOf } from './report/index.ts'
import type { Results, SystemResult, WorkloadResult } from './results.ts'
import { type System, systems, versionOf } from './systems/index.ts'
import { type Workload, workloads } from './workloads/index.ts'

const usage = `usage: npm run bench [-- [--quick] [--only ID,...] | -- --page]

  --quick   one short run of each, to see that all works; nothing is recorded
  --only    the workloads named: ${workloads.map(({ id }) => id).join(', ')}; nothing is recorded
  --page    measure nothing; draw the page again from what was recorded`

const full: Plan = { runs: 5, part: 1 }
const quick: Plan = { runs: 1, part: 0.5 }

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, page: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help === true) return say(usage)
  if (values.page === true) return say(`written: ${record(readRecorded()).join(', ')}`)
  const names = values.only?.split(',')
  const wanted = workloads.filter(({ id }) => names?.includes(id) ?? true)
  const unknown = names?.filter((name) => !workloads.some(({ id }) => id === name)) ?? []
  if (unknown.length > 0) throw new Error(`no workload is named ${unknown.join(', ')}\n${usage}`)
  if (process.platform !== 'linux') throw new Error('what servers use is read from /proc, so this needs Linux')
  const present = findSystems(wanted)
  const results = await measureAll(wanted, present, values.quick === true ? quick : full)
  print(results)
  const voided = results.workloads.flatMap(({ measurements }) => measurements.flatMap((one) => one.voided))
  const whole = wanted.length === workloads.length && present.size === systems.length && values.quick !== true
  if (voided.length > 0) return say(`\n${voided.length} runs are void, so nothing was recorded.`, 1)
  if (!whole) return say('\nNothing was recorded: that takes every workload, system and run.')
  return say(`\nwritten: ${record(results).join(', ')}`)
}

function say(text: string, code = 0): number {
  console.log(text)
  return code
}

/** Says what is missing. Other systems may be, with their columns; Berth and the programs that make the load may not. */
function findSystems(wanted: readonly Workload[]): Map<System, string> {
  const needed = [{ taskset: 'apt-get install util-linux' }, ...wanted.map((workload) => workload.tools)]
  const tools = needed.flatMap((one) => Object.entries<string>(one))
  const missing = tools.filter(([name]) => findProgram(name) === undefined)
  if (missing.length > 0) throw new Error(missing.map(([name, install]) => `${name} is missing: ${install}`).join('\n'))
  const found = new Map<System, string>()
  for (const system of systems) {
    const version = versionOf(system)
    if (version !== undefined) found.set(system, version)
    else if (system.id === 'berth') throw new Error(`Berth does not start from this checkout: ${system.install}`)
    else tell(`${system.name} is missing and left out: ${system.install}`)
  }
  return found
}

async function measureAll(wanted: readonly Workload[], present: ReadonlyMap<System, string>, plan: Plan): Promise<Results> {
  const workspace = openWorkspace()
  const stopped = stopOnSignal()
  try {
    const machine = describeMachine(workspace.fileSystem)
    const cores = chooseCores()
    pinThisProcess(cores.client)
    const around = { cores, folder: join(workspace.path, 'run'), tell, stopped }
    const measured: WorkloadResult[] = []
    for (const workload of wanted) measured.push(await measureWorkload(workload, [...present.keys()], plan, around))
    return {
      recordedAt: new Date().toISOString(),
      commit: commitOfCheckout(),
      machine,
      cores,
      systems: [...present].map(([system, version]) => describeSystem(system, version)),
      workloads: measured,
    }
  } finally {
    workspace.remove()
  }
}

async function measureWorkload(
  workload: Workload,
  present: readonly System[],
  plan: Plan,
  around: Surroundings,
): Promise<WorkloadResult> {
  const taking = present.filter((system) => workload.systems.includes(system.id))
  const measurements = await measure(workload, taking, plan, around)
  const { id, title, what, unit, cpuUnit, warmUp, measured } = workload
  return { id, title, what, unit, cpuUnit, warmUp, measured, measurements, goals: judge(workload.goals, measurements) }
}

/** The first signal ends the servers; all that waits for them unwinds, so that no process and no folder stays behind. */
function stopOnSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = (): void => {
    stopping.abort(new Error('stopped by a signal'))
    endProcesses()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return stopping.signal
}

function describeSystem(system: System, version: string): SystemResult {
  const { id, name, facts } = system
  const place = { folder: 'FOLDER', port: 'PORT' }
  const command = system.command(place).join(' ').replace(join(import.meta.dir, '..'), '.')
  const files = Object.fromEntries(Object.entries(system.files(place)).filter(([path]) => !path.startsWith('www/')))
  return { id, name, version, facts, command, files }
}

function commitOfCheckout(): string {
  if (findProgram('git') === undefined) return 'unknown'
  const git = (...flags: string[]) => Bun.spawnSync(['git', '-C', import.meta.dir, ...flags]).stdout.toString().trim()
  const changed = git('status', '--porcelain', '--', '../src', '../berth', '../package-lock.json') !== ''
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed ? ', changed' : ''}`
}

function print(results: Results): void {
  for (const workload of results.workloads) {
    console.log(`\n${workload.id}: ${workload.title}\n`)
    console.log(plainTable(rowsOf(results, workload)))
    console.log(['', ...workload.goals.map(goalLine)].join('\n'))
  }
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
