import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRoot } from '../../tools/installed.ts'
import { startPostgres } from '../../tools/postgres.ts'
import { each } from '../rig/each.ts'
import { checkout, createEditedProgram } from '../rig/edited-program.ts'
import type { Plant, Rig } from './plant.ts'

export interface Drilled {
  readonly name: string
  readonly invariant: number
  readonly by: string
  readonly seconds: number
  /** Why it was not caught. */
  readonly miss?: string
}

const root = join(import.meta.dir, '..', '..')
const limitMs = 900_000

/**
 * Plants a change in a copy of this checkout, lets the compiler look at it, and runs the test that has to find it.
 * `postgres`: the URL of a server to test on.
 */
export async function drill(plant: Plant, postgres: string | undefined): Promise<Drilled> {
  const { name, invariant, edits, caughtBy } = plant
  const copy = createEditedProgram(edits, checkout)
  try {
    const types = await run(copy.folder, ['node_modules/.bin/tsc', '-p', 'tsconfig.json'], {})
    const began = performance.now()
    const found = types.failed ? undefined : await runRig(copy.folder, caughtBy.rig, postgres)
    const caught = { name, invariant, by: caughtBy.rig.name, seconds: secondsSince(began) }
    if (found === undefined) return { ...caught, miss: `does not type-check\n${types.said}` }
    if (!found.failed) return { ...caught, miss: 'the test passed' }
    if (caughtBy.says.test(found.said)) return caught
    return { ...caught, miss: `the test failed, and does not say ${caughtBy.says}\n${found.said.slice(-2_000)}` }
  } finally {
    copy.dispose()
  }
}

/** Runs a test in a checkout as the test run does. */
async function runRig(folder: string, { file, test, row, seed, needs }: Rig, postgres: string | undefined) {
  if (needs === 'root' && !isRoot()) throw new Error(`${file} needs root`)
  const environment = {
    ...(seed === undefined ? {} : { BERTH_TEST_SEED: String(seed) }),
    ...(postgres === undefined ? {} : { BERTH_TEST_POSTGRES: postgres }),
  }
  return await run(folder, [process.execPath, '--no-orphans', 'test', `./${file}`, '-t', row === undefined ? test : `${test} ${row}`], environment)
}

async function run(cwd: string, command: readonly string[], environment: Readonly<Record<string, string>>) {
  const env = { ...process.env, ...environment }
  const pipes = { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' } as const
  const child = Bun.spawn([...command], { cwd, env, ...pipes, timeout: limitMs, killSignal: 'SIGKILL' })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { failed: code !== 0, said: `${out}\n${err}` }
}

export interface Drill {
  readonly plants: readonly Plant[]
  /** A file with a line for each plant that was caught: those in it are not planted again. */
  readonly record: string | undefined
}

/** As many as the machine of the test run has cores. */
const atOnce = 2

/**
 * Plants all of them, two at a time, and prints what became of each; runs every test that was to find one without it, too.
 * Answers the sum, and what was not caught or failed for nothing.
 */
export async function drillAll({ plants, record }: Drill) {
  const done = readRecord(record)
  const misses: string[] = []
  const given = process.env['BERTH_TEST_POSTGRES']
  const needed = given === undefined && plants.some(({ caughtBy }) => caughtBy.rig.needs === 'postgres')
  const server = needed ? await startPostgres() : undefined
  try {
    const url = given ?? server?.url
    const plantOne = async (plant: Plant): Promise<void> => {
      const drilled = await drill(plant, url)
      console.log(lineOf(drilled))
      done.push(drilled)
      if (drilled.miss !== undefined) misses.push(`${drilled.name}: ${drilled.miss}`)
      else if (record !== undefined) appendFileSync(record, `${JSON.stringify(drilled)}\n`)
    }
    const plantNothing = async (rig: Rig): Promise<void> => {
      const began = performance.now()
      const { failed, said } = await runRig(root, rig, url)
      console.log(`nothing planted | | ${rig.name}: ${rig.test} | ${failed ? 'FAILED' : 'passed'} | ${secondsSince(began)} s`)
      if (failed) misses.push(`${rig.file}, ${rig.test}, fails without a plant\n${said.slice(-2_000)}`)
    }
    const rigs = rigsOf(plants)
    const left = plants.filter(({ name }) => !done.some((caught) => caught.name === name))
    // The runs without a plant are the long ones: they come first, so that both cores are busy to the end.
    await each([...rigs.map((rig) => () => plantNothing(rig)), ...left.map((plant) => () => plantOne(plant))], atOnce, (work) => work())
    const caught = done.filter(({ miss }) => miss === undefined).length
    return { sum: { planted: done.length, caught, testsWithoutAPlant: rigs.length }, misses }
  } finally {
    await server?.stop()
  }
}

function rigsOf(plants: readonly Plant[]): readonly Rig[] {
  return [...new Map(plants.map(({ caughtBy: { rig } }) => [`${rig.file} ${rig.test} ${rig.seed}`, rig])).values()]
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10
}

function lineOf({ name, invariant, by, seconds, miss }: Drilled): string {
  return `${name} | ${invariant} | ${miss === undefined ? by : 'NOT CAUGHT'} | ${seconds} s`
}

function readRecord(record: string | undefined): Drilled[] {
  if (record === undefined || !existsSync(record)) return []
  const lines = readFileSync(record, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Drilled)
}
