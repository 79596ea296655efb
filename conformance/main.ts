// npm run conformance -- URL: checks a registry and says what it found. The options are in program/messages.ts.
import { writeFileSync } from 'node:fs'
import { counts } from './checks/level.ts'
import { groups } from './checks/groups.ts'
import { runCheck, type Result } from './checks/run-check.ts'
import { createClient, type Target } from './oci/client.ts'
import { wordsIn, type Words } from './program/messages.ts'
import { readOptions, UsageError, type Options } from './program/options.ts'
import { countOf, htmlReport, jsonReport, markdownReport, terminalReport, type Run } from './program/report.ts'

try {
  process.exitCode = await main(readOptions(process.argv.slice(2), process.env))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main(options: Options): Promise<number> {
  const say = wordsIn(options.language)
  if (options.help) {
    console.log(say('usage'))
    return 0
  }
  const { url, level, credentials, loginWay, repositories } = options
  const target: Target = { urls: [url], level, credentials, loginWay, repositories }
  await expectRegistry(target, say)
  const run: Run = { url, level, results: await runAll(options, target, say) }
  for (const file of options.reports) {
    write(file, render(file, run, options, say), say)
  }
  console.log(terminalReport(run, say))
  return countOf(run, 'failed') > 0 ? 1 : 0
}

/** One look before hundreds of checks fail for one reason. */
async function expectRegistry(target: Target, say: Words): Promise<void> {
  const fail = (reason: string) => new UsageError(say('error.unreachable', { url: target.urls[0] ?? '', reason }))
  let status: number
  try {
    status = (await createClient({ ...target, level: 'must' }).send('GET', '/v2/')).status
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error))
  }
  if (status !== 200) throw fail(`GET /v2/: ${status}`)
}

/** One after another: a report is easier to follow in the registry's log that way. */
async function runAll({ level, only }: Options, target: Target, say: Words): Promise<Result[]> {
  const chosen = groups.flatMap((group) =>
    group.checks
      .filter((check) => counts(check.level, level) && `${group.id}/${check.id}`.includes(only))
      .map((check) => [group, check] as const),
  )
  if (chosen.length === 0) throw new UsageError(say('error.only', { value: only }))
  const results: Result[] = []
  for (const [group, check] of chosen) results.push(await runCheck(group, check, target))
  return results
}

function write(file: string, text: string, say: Words): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(say('error.write', { file, reason: error instanceof Error ? error.message : String(error) }))
  }
  console.error(say('written', { file }))
}

function render(file: string, run: Run, { language }: Options, say: Words): string {
  if (file.endsWith('.json')) return jsonReport(run)
  return file.endsWith('.md') ? markdownReport(run, say, language) : htmlReport(run, say, language)
}
