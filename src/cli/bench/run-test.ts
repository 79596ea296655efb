import { type Image, type Layers, makeImage } from './image.ts'
import type { Pushed, RegistryUnderTest } from './registry-under-test.ts'
import { type BenchTest, benchTests, stepOf } from './tests.ts'

export interface TestOptions {
  readonly concurrency: number
  readonly requests: number
  /** Differs from run to run: what another run left is not pushed again for nothing. */
  readonly run: string
  readonly monotonic: () => number
  /** Told to stop: no further request is made. */
  readonly stopped: AbortSignal
  /** Takes note of everything that is pushed, also when a request fails afterwards. */
  readonly note: (pushed: Pushed) => void
}

/** The JSON report has these members as they are. */
export interface TestResult {
  readonly name: string
  readonly concurrency: number
  /** Requests that were made, and how many of them failed. */
  readonly requests: number
  readonly failed: number
  /** The first few reasons. */
  readonly failures: readonly string[]
  readonly seconds: number
  readonly requestsPerSecond: number
  /** Of the requests that did not fail. */
  readonly milliseconds: Readonly<Record<'min' | 'p50' | 'p75' | 'p90' | 'p99' | 'max', number>>
}

const shownFailures = 3

/** Runs one test; what it pulls is pushed before. A request that fails is counted. */
export async function runTest(test: BenchTest, registry: RegistryUnderTest, options: TestOptions): Promise<TestResult> {
  const { requests, concurrency, monotonic, stopped } = options
  const prepare = await prepareTest(test, registry, options)
  const failures: string[] = []
  const latencies: number[] = []
  let begun = 0
  const work = async (): Promise<void> => {
    const layers: Layers = new Map()
    while (begun < requests && !stopped.aborted) {
      const request = prepare(begun++, layers)
      const start = monotonic()
      try {
        await request()
        latencies.push(monotonic() - start)
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
      }
    }
  }
  const start = monotonic()
  await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, work))
  const seconds = (monotonic() - start) / 1000
  return {
    name: test.name,
    concurrency,
    requests: latencies.length + failures.length,
    failed: failures.length,
    failures: failures.slice(0, shownFailures),
    seconds,
    requestsPerSecond: latencies.length / seconds,
    milliseconds: spreadOf(latencies),
  }
}

/** Everything that is not to be timed is done before the request that it returns is made. */
type Prepare = (number: number, layers: Layers) => () => Promise<unknown>

async function prepareTest(test: BenchTest, registry: RegistryUnderTest, { run, note }: TestOptions): Promise<Prepare> {
  // Tests run one after the other into one repository: the tags of one must not be those of another.
  const mark = `bench-${run}-${benchTests.indexOf(test)}`
  let pushes = 0
  const newImage = (size: number, layers: Layers): Image => {
    const image = makeImage(`${mark}-${pushes++}`, size, layers)
    note({ tag: image.tag, digests: [image.manifest.digest, image.config.digest, image.layer.digest] })
    return image
  }
  const pulled = new Map<number, Pushed>()
  for (const { does, size } of test.steps) {
    if (does === 'pull') pulled.set(size, await registry.push(newImage(size, new Map()), false))
  }
  return (number, layers) => {
    const { does, size } = stepOf(test, number)
    const known = pulled.get(size)
    if (does === 'catalog') return async () => await registry.catalog()
    if (does === 'pull' && known !== undefined) return async () => await registry.pull(known)
    const image = newImage(size, layers)
    return async () => await registry.push(image, does === 'push streamed')
  }
}

function spreadOf(latencies: readonly number[]): TestResult['milliseconds'] {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? sorted[0] ?? 0
  return { min: at(0), p50: at(0.5), p75: at(0.75), p90: at(0.9), p99: at(0.99), max: at(1) }
}
