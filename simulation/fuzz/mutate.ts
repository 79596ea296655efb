import type { Random } from '../rig/random.ts'

/** No input is longer, in bytes: parsers are linear, so that a longer one shows nothing that a shorter one does not. */
export const longestInput = 4096

/** What inputs are made of. */
export interface Material {
  readonly random: Random
  /** Words worth putting in. */
  readonly words: readonly string[]
  /** Another input, to take parts from. */
  readonly other: () => Uint8Array
}

type Mutation = (input: Uint8Array, material: Material) => Uint8Array

/** Changes an input in one or several ways. */
export function mutate(input: Uint8Array, material: Material): Uint8Array {
  let changed = input
  for (let left = material.random.pick([1, 1, 1, 2, 2, 4, 8]); left > 0; left--)
    changed = material.random.pick(mutations)(changed, material)
  return new Uint8Array(changed.subarray(0, longestInput))
}

const telling = [
  0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c, 0x2e, 0x2f, 0x30, 0x39, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0,
  0xe2, 0xef, 0xff,
]
const numbers = [
  '0',
  '-1',
  '1',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '18446744073709551616',
  '1e9',
  '00',
  '0.5',
]

const mutations: readonly Mutation[] = [
  (input, { random }) => splice(input, random.below(input.length + 1), 0, Uint8Array.of(random.below(256))),
  (input, { random }) => splice(input, random.below(input.length + 1), 0, Uint8Array.of(random.pick(telling))),
  (input, { random }) => splice(input, random.below(input.length + 1), 1, Uint8Array.of(random.pick(telling))),
  (input, { random }) => splice(input, random.below(input.length + 1), 1, Uint8Array.of(0x20 + random.below(0x5f))),
  flipBit,
  (input, { random }) => splice(input, random.below(input.length + 1), random.below(8) + 1, new Uint8Array(0)),
  (input, { random }) => splice(input, random.below(input.length + 1), random.below(input.length + 1), new Uint8Array(0)),
  repeatPart,
  putWord,
  putWord,
  (input, { random }) => splice(input, random.below(input.length + 1), random.below(4), bytesOf(random.pick(numbers))),
  changeNumber,
  movePart,
  takePart,
  (input, { other, random }) =>
    splice(input, random.below(input.length + 1), input.length, other().slice(random.below(other().length + 1))),
]

function splice(input: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const rest = input.subarray(at + remove)
  const joined = new Uint8Array(at + insert.length + rest.length)
  joined.set(input.subarray(0, at))
  joined.set(insert, at)
  joined.set(rest, at + insert.length)
  return joined
}

function flipBit(input: Uint8Array, { random }: Material): Uint8Array {
  // Not `slice`: of a Buffer that is a view, and the input would change with it.
  const changed = new Uint8Array(input)
  const at = random.below(input.length)
  if (input.length > 0) changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
  return changed
}

function partOf(input: Uint8Array, random: Random): Uint8Array {
  const at = random.below(input.length + 1)
  return input.slice(at, at + random.below(random.chance(0.5) ? 16 : input.length + 1))
}

function repeatPart(input: Uint8Array, { random }: Material): Uint8Array {
  const part = partOf(input, random)
  const times = 1 << random.below(7)
  const room = Math.max(0, longestInput - input.length)
  const repeated = new Uint8Array(Math.min(room, part.length * times))
  for (let at = 0; at < repeated.length; at++) repeated[at] = part[at % part.length] ?? 0
  return splice(input, random.below(input.length + 1), 0, repeated)
}

function putWord(input: Uint8Array, { random, words }: Material): Uint8Array {
  if (words.length === 0) return input
  return splice(input, random.below(input.length + 1), random.chance(0.5) ? 0 : random.below(12), bytesOf(random.pick(words)))
}

/** A number in the text becomes one beside it. */
function changeNumber(input: Uint8Array, { random }: Material): Uint8Array {
  const text = Buffer.from(input).toString('latin1')
  const found = [...text.matchAll(/\d{1,17}/g)]
  if (found.length === 0) return input
  const { 0: digits, index } = random.pick(found)
  const changed = random.pick([1n, -1n, 256n, BigInt(digits)]) + BigInt(digits)
  return splice(input, index, digits.length, bytesOf(String(changed)))
}

function movePart(input: Uint8Array, { random }: Material): Uint8Array {
  return splice(input, random.below(input.length + 1), 0, partOf(input, random))
}

function takePart(input: Uint8Array, { random, other }: Material): Uint8Array {
  return splice(input, random.below(input.length + 1), random.below(8), partOf(other(), random))
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text)
}
