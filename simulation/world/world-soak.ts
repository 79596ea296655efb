import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { addFigures, missesOf, noFigures, type WorldSum } from './figures.ts'
import { runSeed, type SeedResult } from './run-seed.ts'

export interface WorldSoak {
  readonly seeds: number
  /** The first one. */
  readonly seed: number
  /** A file with a line for each slice of seeds that passed: slices in it are not run again, and count in the sum. */
  readonly record: string | undefined
}

/** Seeds from `first` on, and what they came to. */
interface Slice {
  readonly first: number
  readonly sum: WorldSum
}

const seedsOfASlice = 100

/** The long form: answers the sum of all slices and what of the bar it misses. Fails with the first seed that does. */
export async function soakWorlds({ seeds, seed, record }: WorldSoak): Promise<{ readonly sum: WorldSum; readonly misses: readonly string[] }> {
  const slices = readSlices(record)
  for (let first = seed; first < seed + seeds; first += seedsOfASlice) {
    const count = Math.min(seedsOfASlice, seed + seeds - first)
    if (slices.some((slice) => slice.first === first && slice.sum.seeds === count)) continue
    const slice: Slice = { first, sum: await runSlice(first, count) }
    console.log(`seeds ${first} to ${first + count - 1}: ${slice.sum.acknowledged} acknowledged, ${slice.sum.crashes} crashes`)
    if (record !== undefined) appendFileSync(record, `${JSON.stringify(slice)}\n`)
    slices.push(slice)
  }
  const sum = sumOf(slices)
  return { sum, misses: missesOf(sum) }
}

async function runSlice(first: number, count: number): Promise<WorldSum> {
  const sum = noFigures()
  for (let seed = first; seed < first + count; seed++) {
    const result: SeedResult = await runSeed(seed)
    addFigures(sum, result)
  }
  return sum
}

function readSlices(record: string | undefined): Slice[] {
  if (record === undefined || !existsSync(record)) return []
  const lines = readFileSync(record, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Slice)
}

function sumOf(slices: readonly Slice[]): WorldSum {
  const sum = noFigures()
  for (const { sum: part } of slices) {
    for (const name of ['seeds', 'requests', 'acknowledged', 'turns', 'crashes', 'faults', 'hours'] as const) sum[name] += part[name]
    for (const [name, count] of Object.entries(part.interleavings)) sum.interleavings[name] = (sum.interleavings[name] ?? 0) + count
  }
  return sum
}
