import { createRandom } from '../rig/random.ts'
import type { Coverage } from './coverage.ts'
import { longestInput, mutate } from './mutate.ts'
import { shrink } from './shrink.ts'
import type { Target } from './target.ts'

export interface FuzzOptions {
  readonly target: Target
  readonly coverage: Coverage
  readonly seed: number
  /** Ends after so many ms, or as many runs. */
  readonly until: { readonly ms: number } | { readonly runs: number }
  /** Inputs that were worth keeping before. */
  readonly corpus: readonly Uint8Array[]
  /** Whether what runs decides what is kept: without it mutations of the corpus are all there is. */
  readonly guided?: boolean
}

/** What a run of the loop came to. */
export interface Fuzzed {
  readonly runs: number
  readonly features: number
  readonly corpus: readonly Uint8Array[]
  /** The first input that broke a rule, as short as could be made, and which. */
  readonly broken?: { readonly input: Uint8Array; readonly reason: string }
}

/** An input of at most `longestInput` bytes must not keep the server longer, in ms: one thread serves everyone. */
const longestRun = 200

/** Runs changed inputs, keeps those that reach something new, and ends with the first that breaks a rule. */
export function fuzz({ target, coverage, seed, until, corpus: kept, guided = true }: FuzzOptions): Fuzzed {
  const random = createRandom('fuzz', target.name, seed)
  const corpus: Uint8Array[] = []
  coverage.forget()
  let runs = 0
  /** Undefined when all is well. */
  const attempt = (input: Uint8Array): string | undefined => {
    runs++
    coverage.reset()
    return whatBroke(target, input)
  }
  const finish = (input: Uint8Array, reason: string): Fuzzed => {
    const same = (shorter: Uint8Array) => kindOf(attempt(shorter)) === kindOf(reason)
    const shortest = shrink(input, same)
    return { runs, features: coverage.seen(), corpus, broken: { input: shortest, reason: attempt(shortest) ?? reason } }
  }
  for (const input of [...target.seeds.map((text) => Buffer.from(text)), ...kept]) {
    const reason = attempt(input)
    if (reason !== undefined) return finish(input, reason)
    if (coverage.takeNew() || corpus.length === 0) corpus.push(input)
  }
  const words = [...coverage.words(), ...(target.words ?? [])]
  const end = 'ms' in until ? performance.now() + until.ms : Number.POSITIVE_INFINITY
  const most = 'runs' in until ? until.runs : Number.POSITIVE_INFINITY
  // The newest inputs are where something was reached last: they get half of the runs.
  const pick = () =>
    random.chance(0.5)
      ? random.pick(corpus)
      : (corpus[corpus.length - 1 - random.below(Math.min(corpus.length, 8))] as Uint8Array)
  while (runs < most && ((runs & 63) !== 0 || performance.now() < end)) {
    const input = mutate(pick(), { random, words, other: () => random.pick(corpus) })
    const reason = attempt(input)
    if (reason !== undefined) return finish(input, reason)
    if (guided && coverage.takeNew()) corpus.push(input)
  }
  return { runs, features: coverage.seen(), corpus }
}

/** A rule is told from another by its words, without what they quote. */
function kindOf(reason: string | undefined): string | undefined {
  return reason?.replaceAll(/[^a-z ]+/gi, '').slice(0, 24)
}

function whatBroke({ run }: Target, input: Uint8Array): string | undefined {
  try {
    const took = timed(run, input)
    // A busy machine is slow now and then; an input that is slow is slow each time.
    if (took > longestRun && Math.min(timed(run, input), timed(run, input)) > longestRun) {
      return `it takes ${Math.round(took)} ms for ${input.length} of at most ${longestInput} bytes`
    }
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function timed(run: Target['run'], input: Uint8Array): number {
  const begun = performance.now()
  run(input)
  return performance.now() - begun
}
