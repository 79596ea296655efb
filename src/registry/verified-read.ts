import { createLru } from '../lib/index.ts'
import { createHasher, digestAlgorithm, type Digest } from '../oci/index.ts'
import type { OpenObject } from '../storage/index.ts'
import type { VerifyMode } from './settings.ts'

/** Compares what readers get with its digest, as often as `storage.verify` says. */
export interface Verification {
  /**
   * The same object, whose last bytes are held back until all of it has the digest: what does not never reaches a client
   * complete. `onMismatch` is told before the reader's stream fails.
   */
  guard(opened: OpenObject, objectId: string, digest: Digest, onMismatch: (actual: Digest) => Promise<void>): OpenObject
}

/** Objects known good since the start; one that falls out of the set is verified again. */
const knownObjects = 100_000

export function createVerification(mode: VerifyMode): Verification {
  const good = createLru<string, true>({ capacity: knownObjects })
  return Object.freeze<Verification>({
    guard: (opened, objectId, digest, onMismatch) => {
      if (mode === 'never' || (mode === 'first' && good.get(objectId) === true)) return opened
      const source = streamOf(opened)
      if (source === undefined) return opened
      const transform = hashing(digest, () => good.set(objectId, true), onMismatch)
      return { kind: 'stream', size: opened.size, stream: source.pipeThrough(transform) }
    },
  })
}

/** A redirect leaves the bytes to another server: only the scrubber sees them. */
export function streamOf(opened: OpenObject): ReadableStream<Uint8Array> | undefined {
  switch (opened.kind) {
    case 'file':
      return opened.file.stream()
    case 'stream':
      return opened.stream
    case 'bytes':
      return new Blob([opened.bytes]).stream()
    case 'redirect':
      return undefined
  }
}

function hashing(digest: Digest, onGood: () => void, onMismatch: (actual: Digest) => Promise<void>) {
  const hasher = createHasher(digestAlgorithm(digest))
  let held: Uint8Array | undefined
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      hasher.update(chunk)
      if (held !== undefined) controller.enqueue(held)
      held = chunk
    },
    async flush(controller) {
      const actual = hasher.digest()
      if (actual !== digest) {
        await onMismatch(actual)
        throw new Error(`the stored bytes of ${digest} have the digest ${actual}`)
      }
      onGood()
      if (held !== undefined) controller.enqueue(held)
    },
  })
}
