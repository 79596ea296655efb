import { plugin } from 'bun'
import { readFileSync } from 'node:fs'
import { countersName, instrument } from './instrument.ts'

/** More than all of the sources have together. */
const mostCounters = 1 << 16

/** What ran of the instrumented sources. */
export interface Coverage {
  /** Forgets everything that ever ran: each target begins anew. */
  forget(): void
  /** Forgets what ran last. */
  reset(): void
  /** Takes what ran since the last reset; true when something of it never ran before, or never so often. */
  takeNew(): boolean
  /** The features of what ran since the last reset: a part of a source and how often it ran, roughly. */
  features(): number[]
  /** How many features were ever taken. */
  seen(): number
  /** The words of those sources of which anything ever ran. */
  words(): readonly string[]
}

interface Module {
  /** Its counters. */
  readonly first: number
  readonly end: number
  readonly words: readonly string[]
}

/** A change of a source file that puts a bug in. */
export interface Planted {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Instruments every source file that is loaded from now on. Once a process: modules are loaded only once. */
export function watchSources(planted?: Planted): Coverage {
  const counters = new Uint32Array(mostCounters)
  const modules: Module[] = []
  let used = 0
  Object.defineProperty(globalThis, countersName, { value: counters })
  plugin({
    name: 'coverage',
    setup(build) {
      build.onLoad({ filter: /\/src\/.*(?<!\.(?:test|testing))\.ts$/ }, ({ path }) => {
        let source = readFileSync(path, 'utf8')
        if (planted !== undefined && path.endsWith(planted.file)) source = plant(source, planted)
        const { text, counters: count, words: found } = instrument(path, source, used)
        modules.push({ first: used, end: used + count, words: found })
        used += count
        if (used > mostCounters) throw new Error(`${mostCounters} counters are not enough`)
        return { contents: text, loader: 'ts' }
      })
    },
  })
  return createCoverage(counters, () => used, modules)
}

function plant(source: string, { file, from, to }: Planted): string {
  if (!source.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)} to plant a bug in`)
  return source.replace(from, () => to)
}

/** How often something ran matters by its order of magnitude: 1, 2, 3, 4 to 7, 8 to 15 and so on. */
function bucketOf(count: number): number {
  if (count < 4) return count - 1
  return Math.min(7, 32 - Math.clz32(count))
}

function createCoverage(counters: Uint32Array, used: () => number, modules: readonly Module[]): Coverage {
  const seen = new Uint8Array(counters.length)
  let features = 0
  return {
    forget() {
      seen.fill(0)
      features = 0
    },
    reset: () => void counters.fill(0, 0, used()),
    takeNew() {
      let found = false
      for (let at = 0, end = used(); at < end; at++) {
        const count = counters[at] as number
        if (count === 0) continue
        const bit = 1 << bucketOf(count)
        if (((seen[at] as number) & bit) !== 0) continue
        seen[at] = (seen[at] as number) | bit
        features++
        found = true
      }
      return found
    },
    features() {
      const list: number[] = []
      for (let at = 0, end = used(); at < end; at++) {
        const count = counters[at] as number
        if (count > 0) list.push(at * 8 + bucketOf(count))
      }
      return list
    },
    seen: () => features,
    words: () =>
      modules.filter(({ first, end }) => seen.subarray(first, end).some((bits) => bits !== 0)).flatMap(({ words }) => words),
  }
}
