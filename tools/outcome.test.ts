import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { judge, type Outcome, readReport, sum } from './outcome.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-outcome-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a real run of bun over one test file comes to. */
async function outcomeOf(name: string, text: string): Promise<Outcome> {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, 'a.test.ts'), `import { describe, expect, test } from 'bun:test'\n${text}`)
  const report = join(folder, name, 'report.xml')
  const child = Bun.spawn([process.execPath, 'test', '--reporter=junit', `--reporter-outfile=${report}`], {
    cwd: join(folder, name),
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const code = await child.exited
  return judge(existsSync(report) ? readReport(readFileSync(report, 'utf8')) : undefined, code)
}

test('counts what passed, failed and was skipped, and names the failed and the skipped', async () => {
  const text = `
    test('one', () => {})
    test('two', () => expect(1).toBe(2))
    test.skip('three', () => {})
    describe('group & "more" <x>', () => { test.skipIf(true)('four (skipped: no reason)', () => {}) })`
  expect(await outcomeOf('mixed', text)).toEqual({
    passed: 1,
    failed: 1,
    failures: ['a.test.ts > two: AssertionError: expect(received).toBe(expected) Expected: 2 Received: 1'],
    skipped: ['a.test.ts > three', 'a.test.ts > group & "more" <x> > four (skipped: no reason)'],
  })
})

test.each([
  ['a test file that throws while it loads', "throw new Error('load')"],
  ['an error between tests', "test('a', () => {}); queueMicrotask(() => { throw new Error('late') })"],
  ['a test that ends the process as if all were well', "test('a', () => process.exit(0))"],
  ['a test that ends the process', "test('a', () => process.kill(process.pid, 'SIGKILL'))"],
  ['a file without tests', ''],
])('%s counts as failed', async (name, text) => {
  expect((await outcomeOf(name.replaceAll(' ', '-'), text)).failed).toBe(1)
})

test('a report cut short is none', () => {
  expect(readReport('<?xml version="1.0"?>\n<testsuites name="bun test" tests="5" failures="0" skipped="0">\n')).toBeUndefined()
  expect(readReport('')).toBeUndefined()
})

test('sums', () => {
  const one = { passed: 1, failed: 2, failures: ['b'], skipped: ['a'] }
  expect(sum([one, { passed: 3, failed: 0, failures: [], skipped: [] }, one])).toEqual({ passed: 5, failed: 4, failures: ['b', 'b'], skipped: ['a', 'a'] })
  expect(sum([])).toEqual({ passed: 0, failed: 0, failures: [], skipped: [] })
})
