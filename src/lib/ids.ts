import { randomBytes, randomUUID } from 'node:crypto'
import { createGenerator } from './generator.ts'

/** Where new identifiers come from. Nobody can guess one, and none is ever handed out twice. */
export interface Ids {
  /** A version 4 UUID: 122 random bits. Upload sessions need one in their Location. */
  uuid(): string
  /**
   * A version 7 UUID: 48 bits of time, then 74 random bits. Rows that come one after the other lie side by side in an index of
   * these, so that a commit of many writes few pages.
   */
  ordered(): string
  /** 128 random bits as 32 lower-case hexadecimal digits: safe in a file name, a key and a URL. */
  object(): string
}

/** Identifiers from the operating system's cryptographic generator. */
export const systemIds: Ids = Object.freeze({
  uuid: () => randomUUID(),
  ordered: () => Bun.randomUUIDv7(),
  object: () => randomBytes(16).toString('hex'),
})

/** The same identifiers for the same seed, for tests and the simulation: predictable, so never for a server. */
export function createSeededIds(seed: number): Ids {
  const next = seededGenerator(seed)
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
  let count = 0
  const ordered = (): string => {
    const hex = (++count).toString(16).padStart(12, '0')
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${uuid().slice(15)}`
  }
  return Object.freeze({ uuid, ordered, object })
}

/** The first numbers still show the seed, so they are thrown away. */
function seededGenerator(seed: number): () => number {
  const next = createGenerator([seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1])
  for (let i = 0; i < 16; i++) next()
  return next
}
