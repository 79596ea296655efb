import { createGenerator } from '../../src/lib/index.ts'

/** A stream of choices that its name alone decides, so that a plan can be made again from its seed. */
export interface Random {
  /** A whole number, 0 <= n < below. */
  below(below: number): number
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

/** `name` is everything the stream depends on: seed, number of the kill, number of the writer ... */
export function createRandom(...name: readonly (number | string)[]): Random {
  const next = namedGenerator(name.join('/'))
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return Object.freeze({
    below,
    between: (least: number, most: number) => least + below(most - least + 1),
    chance: (probability: number) => next() < probability * 2 ** 32,
    pick: <T>(from: readonly T[]) => from[below(from.length)] as T,
  })
}

/** The state is taken from a hash, so that streams with similar names have nothing in common. */
function namedGenerator(name: string): () => number {
  const state = new Uint32Array(new Uint8Array(new Bun.CryptoHasher('sha256').update(name).digest()).buffer, 0, 4)
  const [a = 0, b = 0, c = 0, counter = 0] = state
  return createGenerator([a, b, c, counter])
}
