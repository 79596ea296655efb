import { type Clock, createLru } from '../lib/index.ts'
import { createHasher, digestAlgorithm, type Digest } from '../oci/index.ts'
import { streamOf, type OpenObject } from '../storage/index.ts'
import type { VerifyMode } from './settings.ts'
import { takeTurns } from './take-turns.ts'

/** Compares the stored bytes of an object with its digest before they are sent, as often as `storage.verify` says. */
export interface Verification {
  /**
   * The digest that the bytes really have, when they do not have the right one. `open` opens the whole object again: the one
   * that will be sent is another. Readers that come at once share one reading.
   */
  mismatch(objectId: string, digest: Digest, open: () => Promise<OpenObject | undefined>): Promise<Digest | undefined>
}

/** Objects known good since the start; one that falls out of the set is verified again. */
const knownObjects = 100_000

export function createVerification(mode: VerifyMode, clock: Clock): Verification {
  const good = createLru<string, true>({ capacity: knownObjects })
  const running = new Map<string, Promise<Digest | undefined>>()

  async function verify(objectId: string, digest: Digest, open: () => Promise<OpenObject | undefined>): Promise<Digest | undefined> {
    try {
      const opened = await open()
      const stream = opened && streamOf(opened)
      // A redirect leaves the bytes to another server, and a file that is gone to whoever opens it next.
      if (stream === undefined) return undefined
      const actual = await digestOf(stream, digest, clock)
      if (actual !== digest) return actual
      if (mode === 'first') good.set(objectId, true)
      return undefined
    } finally {
      running.delete(objectId)
    }
  }

  return Object.freeze<Verification>({
    mismatch: async (objectId, digest, open) => {
      if (mode === 'never' || good.get(objectId) === true) return undefined
      let verified = running.get(objectId)
      if (verified === undefined) {
        verified = verify(objectId, digest, open)
        running.set(objectId, verified)
      }
      return await verified
    },
  })
}

async function digestOf(stream: ReadableStream<Uint8Array>, digest: Digest, clock: Clock): Promise<Digest> {
  const hasher = createHasher(digestAlgorithm(digest))
  const turn = takeTurns(clock)
  for await (const chunk of stream) {
    hasher.update(chunk)
    await turn(chunk.length)
  }
  return hasher.digest()
}
