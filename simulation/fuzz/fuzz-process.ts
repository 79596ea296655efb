// Runs some targets after each other in a process of its own, since instrumented sources are loaded only once.
// bun simulation/fuzz/fuzz-process.ts '{"targets":["range"],"seed":1,"until":{"ms":20000}}'
import { readCorpus, writeCorpus } from './corpus.ts'
import { type Planted, watchSources } from './coverage.ts'
import { fuzz, type FuzzOptions } from './fuzz-loop.ts'
import { reduce } from './reduce.ts'

/** What the process is to do, as JSON on its command line. */
export interface FuzzOrder {
  readonly targets: readonly string[]
  readonly seed: number
  /** For each target. */
  readonly until: FuzzOptions['until']
  readonly guided?: boolean
  readonly planted?: Planted
  /** Whether the committed corpus is replaced by what was found. */
  readonly keep?: boolean
}

/** What came of one target: a line of JSON each. */
export interface FuzzReport {
  readonly target: string
  readonly runs: number
  readonly features: number
  readonly corpus: number
  /** The input that broke a rule, in base64. */
  readonly broken?: { readonly input: string; readonly reason: string }
}

if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '') as FuzzOrder
  const { seed, until, guided = true } = order
  const coverage = watchSources(order.planted)
  const { targets } = await import('./targets/index.ts')
  for (const target of targets.filter(({ name }) => order.targets.includes(name))) {
    const fuzzed = fuzz({ target, coverage, seed, until, guided, corpus: readCorpus(target.name) })
    if (order.keep === true && fuzzed.broken === undefined) writeCorpus(target.name, reduce(fuzzed.corpus, target, coverage))
    const { runs, features, corpus, broken } = fuzzed
    const shown = broken === undefined ? {} : { broken: { ...broken, input: Buffer.from(broken.input).toString('base64') } }
    const report: FuzzReport = { target: target.name, runs, features, corpus: corpus.length, ...shown }
    console.log(JSON.stringify(report))
  }
}
