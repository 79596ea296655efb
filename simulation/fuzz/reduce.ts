import type { Coverage } from './coverage.ts'
import { shrink } from './shrink.ts'
import type { Target } from './target.ts'

/** As few inputs as reach every part of the sources that all of them reach, each as short as it can be. */
export function reduce(corpus: readonly Uint8Array[], target: Target, coverage: Coverage): Uint8Array[] {
  const partsOf = (input: Uint8Array): Set<number> => {
    coverage.reset()
    target.run(input)
    return new Set(coverage.features().map((feature) => feature >> 3))
  }
  // The shortest first, so that a long one stays only for what no short one reaches.
  const left = corpus.toSorted((a, b) => a.length - b.length).map((input) => ({ input, parts: partsOf(input) }))
  const reached = new Set<number>()
  const kept: Uint8Array[] = []
  for (const { input, parts } of left) {
    const own = [...parts].filter((part) => !reached.has(part))
    if (own.length === 0) continue
    for (const part of own) reached.add(part)
    kept.push(shrink(input, (shorter) => own.every((part) => partsOf(shorter).has(part))))
  }
  return kept
}
