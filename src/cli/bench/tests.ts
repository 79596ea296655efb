/** What one request of a test does: an image of so many bytes is pushed or pulled, or the catalog is read. */
export interface Step {
  readonly does: 'catalog' | 'pull' | 'push whole' | 'push streamed'
  /** Of the image's layer, in bytes. */
  readonly size: number
}

/** A test, under the name that zot's `zb` gives it where it has the same. */
export interface BenchTest {
  readonly name: string
  /** How many of a hundred requests do what. */
  readonly steps: readonly (Step & { readonly percent: number })[]
}

const mebibyte = 2 ** 20
const sizes = [1, 10, 100]

const each = (name: string, does: Step['does']): BenchTest[] =>
  sizes.map((size) => ({ name: `${name} ${size}MB`, steps: [{ does, size: size * mebibyte, percent: 100 }] }))

const mixed = (name: string, does: Step['does'], percents: readonly number[], shown = percents): BenchTest => ({
  name: `${name} Mixed ${sizes.map((size, index) => `${shown[index]}% ${size}MB`).join(', ')}`,
  steps: sizes.map((size, index) => ({ does, size: size * mebibyte, percent: percents[index] ?? 0 })),
})

/** In the order in which they run. zb counts in MiB and writes MB. */
export const benchTests: readonly BenchTest[] = [
  { name: 'Get Catalog', steps: [{ does: 'catalog', size: 0, percent: 100 }] },
  ...each('Push Monolith', 'push whole'),
  ...each('Push Chunk Streamed', 'push streamed'),
  ...each('Pull', 'pull'),
  mixed('Pull', 'pull', [20, 70, 10]),
  mixed('Push Monolith', 'push whole', [20, 70, 10]),
  mixed('Push Chunk', 'push streamed', [33, 33, 34], [33, 33, 33]),
  ...sizes.map((size) => ({
    name: `Pull 75% and Push 25% Mixed ${size}MB`,
    steps: [
      { does: 'pull', size: size * mebibyte, percent: 75 },
      { does: 'push whole', size: size * mebibyte, percent: 25 },
    ] as const,
  })),
]

/** What the request of that number does: the same in each run, and each kind spread over all of them. */
export function stepOf({ steps }: BenchTest, number: number): Step {
  // 61 has no factor in common with 100, so a hundred numbers in a row meet each percent once.
  let rest = (number * 61) % 100
  for (const step of steps) {
    if (rest < step.percent) return step
    rest -= step.percent
  }
  throw new Error('the percents of a test make a hundred')
}
