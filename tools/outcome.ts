/** What a suite came to. Sums over suites make the closing line of the test run. */
export interface Outcome {
  readonly passed: number
  readonly failed: number
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
  return { passed: tests - failed - skipped, failed, skipped: skippedNames(xml) }
}

/** A run that ended badly failed at least once, whatever its report says; one without a report did too. */
export function judge(report: Outcome | undefined, exitCode: number): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, skipped: [] }
  if (exitCode !== 0 && report.failed === 0) return { ...report, failed: 1 }
  return report
}

export function sum(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((total, { passed }) => total + passed, 0),
    failed: outcomes.reduce((total, { failed }) => total + failed, 0),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  }
}

function skippedNames(xml: string): string[] {
  const cases = xml.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]* file="([^"]*)"[^>]*>\s*<skipped/g)
  return [...cases].map(([, name, group, file]) => unescape([file, group, name].filter(Boolean).join(' > ')))
}

function unescape(text: string): string {
  const characters: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' }
  return text.replaceAll(/&\w+;/g, (entity) => characters[entity] ?? entity)
}
