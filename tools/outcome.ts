/** What a suite came to. Sums over suites make the closing line of the test run. */
export interface Outcome {
  readonly passed: number
  readonly failed: number
  /** Each failed test's name and, in one short line, what it says. Fewer than `failed` where something else than a test failed. */
  readonly failures: readonly string[]
  /** Names of the tests that were skipped. */
  readonly skipped: readonly string[]
}

/** Reads bun's JUnit report. Absent when there is none: the run ended before it wrote one. */
export function readReport(xml: string): Outcome | undefined {
  const root = /<testsuites [^>]*>/.exec(xml)?.[0]
  if (root === undefined || !xml.trimEnd().endsWith('</testsuites>')) return undefined
  const total = (attribute: string) => Number(new RegExp(` ${attribute}="(\\d+)"`).exec(root)?.[1])
  const [tests, failed, skipped] = [total('tests'), total('failures'), total('skipped')]
  if (!Number.isInteger(tests + failed + skipped)) return undefined
  return { passed: tests - failed - skipped, failed, failures: failures(xml), skipped: skippedNames(xml) }
}

/** A run that ended badly failed at least once, whatever its report says; one without a report did too. */
export function judge(report: Outcome | undefined, exitCode: number): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, failures: [], skipped: [] }
  if (exitCode !== 0 && report.failed === 0) return { ...report, failed: 1 }
  return report
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, { passed }) => total + passed, 0),
    failed: outcomes.reduce((total, { failed }) => total + failed, 0),
    failures: outcomes.flatMap(({ failures }) => failures),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  }
}

/** Of a message, what shows which failure it is. The whole stands where the test ran. */
const mostOfMessage = 300

function failures(xml: string): string[] {
  return [...casesWith(xml, 'failure')].map(({ name, type, message }) => `${name}: ${`${type}: ${message}`.replaceAll(/\s+/g, ' ').trim().slice(0, mostOfMessage)}`)
}

function skippedNames(xml: string): string[] {
  return [...casesWith(xml, 'skipped')].map(({ name }) => name)
}

/** The test cases that hold such an element, which is the first they hold. */
function* casesWith(xml: string, element: 'failure' | 'skipped'): Generator<{ name: string; type: string; message: string }> {
  const cases = new RegExp(`<testcase name="([^"]*)" classname="([^"]*)"[^>]* file="([^"]*)"[^>]*>\\s*<${element}([^>]*)>`, 'g')
  for (const [, name, group, file, rest = ''] of xml.matchAll(cases)) {
    const attribute = (which: string) => unescape(new RegExp(` ${which}="([^"]*)"`).exec(rest)?.[1] ?? '')
    yield { name: unescape([file, group, name].filter(Boolean).join(' > ')), type: attribute('type'), message: attribute('message') }
  }
}

function unescape(text: string): string {
  const characters: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&', '&#10;': '\n' }
  return text.replaceAll(/&#?\w+;/g, (entity) => characters[entity] ?? entity)
}
