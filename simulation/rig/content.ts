import { digestBytes, type Digest } from '../../src/oci/index.ts'
import { createRandom } from './random.ts'

/** Bytes that can be made again at any time, so that nothing has to be kept of what was sent. */
export interface Content {
  /** Two contents of one name are equal when their sizes are. */
  readonly name: string
  readonly size: number
  readonly digest: Digest
}

const poolSize = 2 * 1024 * 1024
const pool = makePool()

function makePool(): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(poolSize / 4)
  const random = createRandom('content')
  for (let i = 0; i < words.length; i++) words[i] = random.below(2 ** 32)
  return new Uint8Array(words.buffer)
}

export function createContent(name: string, size: number): Content {
  return Object.freeze({ name, size, digest: digestBytes(bytesOf({ name, size }), 'sha256') })
}

/** The name and a piece of the pool that depends on it: incompressible, different for each name, and cheap. */
export function bytesOf({ name, size }: Pick<Content, 'name' | 'size'>): Uint8Array<ArrayBuffer> {
  if (size > poolSize / 2) throw new Error(`no content of ${size} bytes: ${poolSize / 2} are the most`)
  const start = createRandom('piece', name).below(poolSize / 2)
  const bytes = pool.slice(start, start + size)
  new TextEncoder().encodeInto(name, bytes)
  return bytes
}
