import { createHasher, digestAlgorithm, isDigest } from '../../oci/index.ts'
import { streamOf } from '../../storage/index.ts'
import type { Scene } from './check.ts'

/** How the bytes under a key compare with what they must be. */
export type StoredBytes =
  | { readonly are: 'whole' | 'missing' }
  | { readonly are: 'truncated' | 'too-long' | 'corrupt' | 'unreadable'; readonly detail: string }

interface Expected {
  readonly digest: string
  readonly size: number
}

/** Looks at size alone, or at every byte. Fails only when the check is to end: a medium that fails is `unreadable`. */
export async function lookAtBytes(scene: Scene, key: string, expected: Expected, hash: boolean): Promise<StoredBytes> {
  try {
    const stored = await scene.store.stat(key)
    if (stored === undefined) return { are: 'missing' }
    const detail = `${stored.size} of ${expected.size} bytes`
    if (stored.size !== expected.size) return { are: stored.size < expected.size ? 'truncated' : 'too-long', detail }
    return hash ? await hashBytes(scene, key, expected.digest) : { are: 'whole' }
  } catch (error) {
    scene.ended.throwIfAborted()
    return { are: 'unreadable', detail: messageOf(error) }
  }
}

async function hashBytes({ store, pace, ended }: Scene, key: string, digest: string): Promise<StoredBytes> {
  if (!isDigest(digest)) return { are: 'corrupt', detail: 'its row has no digest that can be compared' }
  const opened = await store.open(key)
  if (opened === undefined) return { are: 'missing' }
  const stream = streamOf(opened)
  // Bytes that another server would send can't be read here.
  if (stream === undefined) return { are: 'whole' }
  const hasher = createHasher(digestAlgorithm(digest))
  for await (const chunk of stream) {
    hasher.update(chunk)
    await pace(chunk.length)
    ended.throwIfAborted()
  }
  const actual = hasher.digest()
  return actual === digest ? { are: 'whole' } : { are: 'corrupt', detail: `has the digest ${actual}` }
}

function messageOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
