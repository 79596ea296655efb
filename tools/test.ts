// npm test [SUITE...] and npm run check: installs what the suites need, runs them, and ends with `N passed, N failed`.
import { components } from './components.ts'
import { ensure, type Missing } from './ensure.ts'
import { findComponent } from './installed.ts'
import { type Outcome, sum } from './outcome.ts'
import { startPostgres } from './postgres.ts'
import { describe, runSuite } from './run-suite.ts'
import { type Suite, suites } from './suites.ts'

/** So many failed and skipped tests are named at the end. */
const mostNamed = 40

const names = process.argv.slice(2)
const onlyCheck = names[0] === 'check'
const chosen = onlyCheck ? suites.filter(({ check }) => check) : names.length > 0 ? names.map(suiteNamed) : suites
const missing = await missingComponents(chosen)
const outcome = await runAll(chosen)
process.exitCode = close(outcome, missing)

function suiteNamed(name: string): Suite {
  const suite = suites.find((one) => one.name === name)
  if (suite !== undefined) return suite
  console.error(`no suite named ${name}; there are: check, ${suites.map((one) => one.name).join(', ')}`)
  process.exit(2)
}

/** `npm run check` has no time to install anything; it uses what is there. */
async function missingComponents(running: readonly Suite[]): Promise<Missing[]> {
  const needed = new Set(running.flatMap(({ needs = [] }) => needs))
  const wanted = components.filter(({ name }) => needed.has(name))
  if (!onlyCheck) return ensure(wanted)
  const absent = wanted.filter((component) => findComponent(component) === undefined)
  return absent.map((component) => ({ component, reason: 'not installed (npm test does)' }))
}

/** Commands run beside the tests; the tests one suite after another. */
async function runAll(running: readonly Suite[]): Promise<Outcome> {
  const commands = running.filter((suite) => 'command' in suite)
  const tests = running.filter((suite) => 'tests' in suite)
  const [first, second] = await Promise.all([runInOrder(commands), runWithPostgres(tests)])
  return sum([...first, ...second])
}

/** One PostgreSQL for all suites; each test makes a database of its own on it. A server named from outside is used as it is. */
async function runWithPostgres(running: readonly Suite[]): Promise<Outcome[]> {
  const wanted = running.some(({ needs = [] }) => needs.includes('postgres'))
  const given = process.env['BERTH_TEST_POSTGRES'] !== undefined
  const lacking = missing.some(({ component }) => component.name === 'postgres')
  if (!wanted || given || lacking) return runInOrder(running)
  const postgres = await startPostgres()
  try {
    return await runInOrder(running, { BERTH_TEST_POSTGRES: postgres.url })
  } finally {
    await postgres.stop()
  }
}

async function runInOrder(running: readonly Suite[], environment: Record<string, string> = {}): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const suite of running) outcomes.push(await runSuite(suite, environment))
  return outcomes
}

/**
 * Prints the failures once more, where they are seen, and the closing line, and returns the exit code. Where nobody watches, a component that is not there counts as failed, and so
 * does a skipped test whose name does not end with `(skipped: the reason)`.
 */
function close({ passed, failed, failures, skipped }: Outcome, lacking: readonly Missing[]): number {
  for (const { component, reason } of lacking) console.log(`skipped: ${component.covers}: no ${component.name}: ${reason}`)
  list('skipped', skipped)
  list('failed', failures)
  const strict = process.env['CI'] === 'true'
  const excused = skipped.filter((name) => !strict || /\(skipped: [^)]+\)$/.test(name))
  const held = strict ? lacking.length + skipped.length - excused.length : 0
  console.log(describe({ passed, failed: failed + held, skipped: excused }))
  return failed + held > 0 ? 1 : 0
}

function list(what: string, names: readonly string[]): void {
  for (const name of names.slice(0, mostNamed)) console.log(`${what}: ${name}`)
  if (names.length > mostNamed) console.log(`${what}: ${names.length - mostNamed} more`)
}
