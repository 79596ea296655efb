import { randomBytes, randomUUID } from 'node:crypto'

/** Where new identifiers come from. Nobody can guess one, and none is ever handed out twice. */
export interface Ids {
  /** A version 4 UUID: 122 random bits. Upload sessions need one in their Location. */
  uuid(): string
  /** 128 random bits as 32 lower-case hexadecimal digits: safe in a file name, a key and a URL. */
  object(): string
}

/** Identifiers from the operating system's cryptographic generator. */
export const systemIds: Ids = Object.freeze({
  uuid: () => randomUUID(),
  object: () => randomBytes(16).toString('hex'),
})

/** The same identifiers for the same seed, for tests and the simulation: predictable, so never for a server. */
export function createSeededIds(seed: number): Ids {
  const next = createGenerator(seed)
  const object = (): string => {
    let text = ''
    for (let i = 0; i < 4; i++) text += next().toString(16).padStart(8, '0')
    return text
  }
  const uuid = (): string => {
    const hex = object()
    const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) & 3]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }
  return Object.freeze({ uuid, object })
}

/**
 * sfc32 (Doty-Humphrey): 128 bits of state with a counter, so that streams of different seeds do not run into each other as
 * those of a 32-bit generator would. Returns unsigned 32-bit numbers.
 */
function createGenerator(seed: number): () => number {
  let a = seed | 0
  let b = Math.floor(seed / 2 ** 32) | 0
  let c = 0x9e3779b9 | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 16; i++) next()
  return next
}
