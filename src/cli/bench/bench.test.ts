import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '../../app.ts'
import { loadConfig } from '../../config/index.ts'
import type { StopSignal } from '../local/serve.ts'
import { createSay } from '../messages.ts'
import { bench, type BenchOptions } from './bench.ts'
import { benchTests, stepOf } from './tests.ts'

let folder: string
let berth: RunningServer
let server: Bun.Server<undefined>
/** Answers instead of the registry, where it answers. */
let instead: (request: Request) => Response | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-cli-bench-'))
  const flags = new Map([['--data', folder], ['--listen', '127.0.0.1:0'], ['--open', 'true']])
  const environment = { variables: new Map([['BERTH_LOG_LEVEL', 'silent']]), language: 'en' } as const
  const loaded = loadConfig({ flags, environment, cwd: folder })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  berth = await startServer('0', loaded.config)
  instead = () => undefined
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    fetch: async (request) => instead(request) ?? (await forward(request)),
  })
})
afterEach(async () => {
  await server.stop(true)
  await berth.close()
  rmSync(folder, { recursive: true })
})

async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { method, headers, body } = request
  return await fetch(`${berth.url}${pathname}${search}`, { method, headers, body })
}

const usual: BenchOptions = { concurrency: '2', requests: '4', repo: 'bench', outputFormat: 'text' }

async function run(given: Partial<BenchOptions>, url = `http://127.0.0.1:${server.port}`, signal?: (raise: () => void) => void) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await bench(url, { ...usual, ...given }, {
    say: createSay('en'),
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    onSignal: (listener: (signal: StopSignal) => void) => {
      signal?.(() => listener('SIGINT'))
      return () => {}
    },
    monotonic: () => performance.now(),
  })
  return { code, out: out.join(''), err: err.join('') }
}

const tags = async (): Promise<unknown> => await (await fetch(`http://127.0.0.1:${server.port}/v2/bench/tags/list`)).json()

test('every test of one MiB runs, and what was pushed is deleted', async () => {
  const { code, out, err } = await run({ testRegex: '1MB$|Catalog', outputFormat: 'json' })
  expect([code, err]).toEqual([0, ''])
  const report = JSON.parse(out) as { format: number; tests: { name: string; requests: number; failed: number }[] }
  expect(report.format).toBe(1)
  expect(report.tests.map(({ name, requests, failed }) => [name, requests, failed])).toEqual([
    ['Get Catalog', 4, 0],
    ['Push Monolith 1MB', 4, 0],
    ['Push Chunk Streamed 1MB', 4, 0],
    ['Pull 1MB', 4, 0],
    ['Pull 75% and Push 25% Mixed 1MB', 4, 0],
  ])
  expect(await tags()).toEqual({ name: 'bench', tags: [] })
})

test('text names the figures', async () => {
  const { code, out } = await run({ testRegex: '^Get Catalog$' })
  expect(code).toBe(0)
  expect(out).toMatch(/^Test name: {12}Get Catalog\nTime taken for tests: [\d.]+ s\nComplete requests: {4}4\n/)
})

test('a wrong byte is a failed request', async () => {
  instead = ({ method, url }) => (method === 'GET' && url.includes('/blobs/') ? new Response('x') : undefined)
  const { code, out } = await run({ testRegex: '^Pull 1MB$' })
  expect(code).toBe(1)
  expect(out).toContain('Failed requests:      4\n')
  expect(out).toContain('bytes with the digest sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881')
})

test('a registry that deletes nothing is no failure, and it is said what stays', async () => {
  instead = ({ method }) => (method === 'DELETE' ? new Response(null, { status: 405 }) : undefined)
  const { code, err } = await run({ testRegex: '^Push Monolith 1MB$' })
  expect(code).toBe(0)
  expect(err).toContain('did not delete what was pushed (405): 4 images, under tags that begin with bench-, stay in bench')
  expect((await run({ testRegex: '^Push Monolith 1MB$', skipCleanup: true })).err).toBe('')
})

test('a registry that takes nothing is named with its answer', async () => {
  instead = () => new Response('no\u001b[2J', { status: 401 })
  const { code, err } = await run({ testRegex: '^Pull 1MB$' })
  expect(code).toBe(1)
  expect(err).toContain('POST /v2/bench/blobs/uploads/: 401 instead of 202: "no\\u001b[2J"')
})

test('told to stop it makes no more requests, and cleans up', async () => {
  let stop = (): void => {}
  let manifests = 0
  instead = ({ method, url }) => {
    if (method === 'PUT' && url.includes('/manifests/') && ++manifests === 3) stop()
    return undefined
  }
  const { code, err } = await run({ testRegex: '^Push Monolith', requests: '1000' }, undefined, (raise) => void (stop = raise))
  expect(code).toBe(1)
  expect(err).toContain('stopped')
  expect(manifests).toBeLessThan(10)
  expect(await tags()).toEqual({ name: 'bench', tags: [] })
})

test.each<[Partial<BenchOptions>, string | undefined, string]>([
  [{}, 'ftp://127.0.0.1', 'ftp://127.0.0.1 is not the address of a registry'],
  [{}, 'http://user:secret@127.0.0.1', 'http://***@127.0.0.1 is not the address of a registry'],
  [{ concurrency: '0' }, undefined, '--concurrency needs a whole number'],
  [{ concurrency: '2000' }, undefined, '--concurrency at most 1024'],
  [{ requests: '1e3' }, undefined, '--requests needs a whole number'],
  [{ repo: 'Bench' }, undefined, 'Bench is not the name of a repository'],
  [{ outputFormat: 'xml' }, undefined, '--output-format is one of text, json'],
  [{ testRegex: '(' }, undefined, 'no test matches ('],
])('%p of %p is refused', async (given, url, words) => {
  const { code, out, err } = await run(given, url)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(words)
})

test('the percents of every test make a hundred, and a hundred requests meet them', async () => {
  for (const one of benchTests) {
    const met = Array.from({ length: 100 }, (_, number) => stepOf(one, number))
    expect(one.steps.map((step) => met.filter((other) => other === step).length)).toEqual(one.steps.map(({ percent }) => percent))
  }
  expect((await run({ listTests: true })).out.split('\n')).toContain('Push Chunk Mixed 33% 1MB, 33% 10MB, 33% 100MB')
})
