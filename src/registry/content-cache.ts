import type { Database } from '../database/index.ts'
import { createLru } from '../lib/index.ts'
import { contentOf } from './existence-store.ts'

/** Inline bytes by digest. They never change, so memory may hold them; whether they exist is always asked of the database. */
export interface ContentCache {
  /** Absent when the blob was collected since the caller found it. */
  get(digest: string, blobId: number): Promise<Uint8Array<ArrayBuffer> | undefined>
}

export function createContentCache(database: Database, capacity: number): ContentCache {
  const cache = createLru<string, Uint8Array<ArrayBuffer>>({ capacity, weigh: (bytes) => bytes.length + 256 })
  return Object.freeze({
    get: async (digest: string, blobId: number) => {
      const hot = cache.get(digest)
      if (hot !== undefined) return hot
      const row = await database.one(contentOf, blobId)
      if (row === undefined) return undefined
      const bytes = new Uint8Array(row.bytes)
      cache.set(digest, bytes)
      return bytes
    },
  })
}
