import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judge, type Outcome, readReport } from './outcome.ts'
import type { Suite, TestFolder } from './suites.ts'

/** Runs one suite and prints what there is to say about it. */
export async function runSuite(suite: Suite, environment: Record<string, string>): Promise<Outcome> {
  const started = performance.now()
  const outcome = 'command' in suite ? await runCommand(suite.command) : await runTests(suite, environment)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${suite.name}: ${describe(outcome)} (${seconds} s)`)
  const unnamed = outcome.failed - outcome.failures.length
  return unnamed > 0 ? { ...outcome, failures: [...outcome.failures, `${suite.name}: ${unnamed} without a name, see its output`] } : outcome
}

/** Other suites run beside it, so its output comes in one piece, and only when it fails. */
async function runCommand(command: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, NO_COLOR: '1' }
  const child = Bun.spawn([...command], { cwd: root, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code === 0) return { passed: 1, failed: 0, failures: [], skipped: [] }
  console.log((output + errors).trimEnd())
  return { passed: 0, failed: 1, failures: [], skipped: [] }
}

async function runTests({ tests, except, minutes, parallel }: TestFolder, environment: Record<string, string>): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-test-report-'))
  const report = join(folder, 'report.xml')
  try {
    // --no-orphans: what a test leaves running ends with it. A test without a limit of its own has a minute and a half: machines are slow at times.
    const flags = ['--no-orphans', '--only-failures', '--timeout=90000', '--reporter=junit', `--reporter-outfile=${report}`]
    // The slowest files first, by how long each took: `bun test --timings=tools/timings.json --update-timings` notes it.
    if (parallel !== undefined) flags.push(`--parallel=${parallel}`, '--timings=tools/timings.json')
    if (except !== undefined) flags.push(`--path-ignore-patterns=${except}`)
    const child = Bun.spawn([process.execPath, 'test', ...flags, tests], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: minutes * 60_000,
      killSignal: 'SIGKILL',
    })
    const code = await child.exited
    if (child.signalCode !== null) console.log(`${tests}: ended by ${child.signalCode} (limit: ${minutes} minutes)`)
    return judge(existsSync(report) ? readReport(readFileSync(report, 'utf8')) : undefined, code)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function describe({ passed, failed, skipped }: Pick<Outcome, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
}

const root = join(import.meta.dir, '..')
