import type { StopSignal } from '../local/serve.ts'
import type { Say } from '../messages.ts'
import { type Pushed, registryAt, type RegistryUnderTest } from './registry-under-test.ts'
import { runTest, type TestResult } from './run-test.ts'
import { type BenchTest, benchTests } from './tests.ts'

/** What `bench` needs from the process it runs in. */
export interface BenchDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void
  readonly monotonic: () => number
}

/** As the command line gives them. */
export interface BenchOptions {
  readonly concurrency: string
  readonly requests: string
  readonly repo: string
  readonly testRegex?: string
  readonly outputFormat: string
  readonly listTests?: boolean
  readonly skipCleanup?: boolean
}

interface Asked {
  readonly origin: string
  readonly repository: string
  readonly concurrency: number
  readonly requests: number
  readonly tests: readonly BenchTest[]
  readonly json: boolean
  readonly cleanUp: boolean
}

/** The version of the JSON report: changed when a member changes its meaning or goes. */
const reportFormat = 1
const [done, failed, usageError] = [0, 1, 2]
/** Each concurrent push of 100 MiB has its bytes in memory. */
const mostConcurrent = 1024

/** `berth bench URL`: ends with 0 when every request was answered as it should be, 1 when one was not, 2 when asked wrongly. */
export async function bench(url: string, options: BenchOptions, deps: BenchDeps): Promise<number> {
  const asked = understand(url, options, deps.say)
  if (typeof asked === 'string') {
    deps.printError(`berth: ${asked}\n`)
    return usageError
  }
  if (options.listTests === true) {
    deps.print(asked.tests.map(({ name }) => `${name}\n`).join(''))
    return done
  }
  const stop = new AbortController()
  const release = deps.onSignal(() => stop.abort(new Error(deps.say('bench.stopped'))))
  const registry = registryAt(asked.origin, asked.repository, stop.signal)
  const pushed: Pushed[] = []
  try {
    const results = await runTests(asked, registry, pushed, stop.signal, deps)
    return results.length < asked.tests.length || results.some((result) => result.failed > 0) ? failed : done
  } finally {
    release()
    if (asked.cleanUp) await cleanUp(asked, registry, pushed, deps)
  }
}

async function runTests(
  asked: Asked,
  registry: RegistryUnderTest,
  pushed: Pushed[],
  stopped: AbortSignal,
  { say, print, printError, monotonic }: BenchDeps,
): Promise<TestResult[]> {
  const { concurrency, requests, json, origin, repository } = asked
  const run = Buffer.from(crypto.getRandomValues(new Uint8Array(4))).toString('hex')
  const options = { concurrency, requests, run, monotonic, stopped, note: (image: Pushed) => void pushed.push(image) }
  const results: TestResult[] = []
  try {
    for (const test of asked.tests) {
      const result = await runTest(test, registry, options)
      if (stopped.aborted) break
      if (!json) print(describe(result, say))
      results.push(result)
    }
  } catch (error) {
    // What a test pulls could not be pushed: the tests after it would fail in the same way.
    printError(`berth: ${say('bench.failed', { url: origin, reason: error instanceof Error ? error.message : String(error) })}\n`)
  }
  if (stopped.aborted) printError(`berth: ${say('bench.stopped')}\n`)
  if (json) print(`${JSON.stringify({ format: reportFormat, registry: origin, repository, tests: results })}\n`)
  return results
}

/** What is asked for, or what is wrong with it. */
function understand(url: string, options: BenchOptions, say: Say): Asked | string {
  const origin = originOf(url)
  if (origin === undefined) return say('bench.not-a-url', { url: url.replace(/\/\/[^/]*@/, '//***@') })
  const concurrency = countOf(options.concurrency)
  if (concurrency === undefined || concurrency > mostConcurrent) return say('bench.not-a-count', { name: '--concurrency' })
  const requests = countOf(options.requests)
  if (requests === undefined) return say('bench.not-a-count', { name: '--requests' })
  const repository = options.repo
  if (!repositoryName.test(repository)) return say('bench.not-a-repository', { name: repository })
  if (!formats.includes(options.outputFormat)) return say('bench.not-a-format', { formats: formats.join(', ') })
  const chosen = choose(options.testRegex)
  if (chosen === undefined || chosen.length === 0) return say('bench.no-test', { pattern: options.testRegex ?? '' })
  const json = options.outputFormat === 'json'
  return { origin, repository, concurrency, requests, tests: chosen, json, cleanUp: options.skipCleanup !== true }
}

const repositoryName = /^(?=.{1,200}$)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const formats = ['text', 'json']

function originOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  return url.pathname === '/' && url.search === '' && url.username === '' && url.password === '' ? url.origin : undefined
}

function countOf(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

function choose(pattern: string | undefined): readonly BenchTest[] | undefined {
  if (pattern === undefined) return benchTests
  try {
    const wanted = new RegExp(pattern)
    return benchTests.filter(({ name }) => wanted.test(name))
  } catch {
    return undefined // No regular expression.
  }
}

function describe(result: TestResult, say: Say): string {
  const { name, seconds, requests, failed: wrong, failures, requestsPerSecond, milliseconds } = result
  const times = Object.entries(milliseconds).map(([key, value]) => `${key}: ${value.toFixed(2)} ms`)
  const lines = [
    `${say('bench.test')} ${name}`,
    `${say('bench.time')} ${seconds.toFixed(3)} s`,
    `${say('bench.complete')} ${requests - wrong}`,
    `${say('bench.failures')} ${wrong}`,
    ...failures.map((reason) => `  ${JSON.stringify(reason)}`),
    `${say('bench.rate')} ${requestsPerSecond.toFixed(2)}`,
    ...(requests > wrong ? times : []),
  ]
  return `${lines.join('\n')}\n\n`
}

/** Best effort: a registry may refuse to delete, and that is no failure of the run. */
async function cleanUp(asked: Asked, registry: RegistryUnderTest, pushed: readonly Pushed[], deps: BenchDeps): Promise<void> {
  let left = 0
  let why: string | undefined
  for (const image of pushed) {
    // After the first refusal the rest would be refused as well.
    const refused = why ?? (await registry.remove(image).catch((error: unknown) => String(error)))
    if (refused === undefined) continue
    why = `${refused}`
    left++
  }
  if (why === undefined) return
  deps.printError(`berth: ${deps.say('bench.left', { count: `${left}`, repository: asked.repository, reason: why })}\n`)
}
