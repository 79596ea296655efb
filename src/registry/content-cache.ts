import type { Database } from '../database/index.ts'
import { createLru, type Soon } from '../lib/index.ts'
import { digestAlgorithm, digestBytes, RegistryError, type Digest } from '../oci/index.ts'
import { contentOf } from './existence-store.ts'
import { resultOf } from './failure.ts'
import { dropContent } from './integrity-transactions.ts'
import type { VerifyMode } from './settings.ts'

type MissingCode = 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN'

interface InlineBlob {
  readonly blob_id: number
  readonly size: number
}

/** Inline bytes by digest. They never change, so memory may hold them; whether they exist is always asked of the database. */
export interface ContentCache {
  /**
   * Fails with `missing` when the blob was collected since the caller found it, and when its bytes do not have their size or
   * digest: they are compared as they come from the database; with `storage.verify` never the size alone.
   */
  get(digest: Digest, blob: InlineBlob, missing: MissingCode): Soon<Uint8Array<ArrayBuffer>>
}

export function createContentCache(database: Database, capacity: number, verify: VerifyMode): ContentCache {
  const cache = createLru<string, Uint8Array<ArrayBuffer>>({ capacity, weigh: (bytes) => bytes.length + 256 })
  async function read(digest: Digest, { blob_id: blobId, size }: InlineBlob, missing: MissingCode): Promise<Uint8Array<ArrayBuffer>> {
    const row = await database.one(contentOf, blobId)
    if (row === undefined) throw new RegistryError(missing)
    const bytes = new Uint8Array(row.bytes)
    if (bytes.length !== size || (verify !== 'never' && digestBytes(bytes, digestAlgorithm(digest)) !== digest)) {
      resultOf(await database.transact(dropContent, { blobId }))
      throw damaged(missing, digest)
    }
    cache.set(digest, bytes)
    return bytes
  }

  return Object.freeze<ContentCache>({
    get: (digest, blob, missing) => cache.get(digest) ?? read(digest, blob, missing),
  })
}

/** The stored bytes are not those of the digest: from now on they count as missing, so that a push heals them. */
export function damaged(code: MissingCode, digest: string): RegistryError {
  return new RegistryError(code, {
    message: `the stored bytes of ${digest} are damaged, so it counts as missing; push it again to repair it`,
  })
}
