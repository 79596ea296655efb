import { StorageError } from '../blob-store.ts'
import { checkObjectId } from '../object-key.ts'
import type { SegmentStore } from '../segment-store.ts'

/** Segments that end with the process. */
export function createMemorySegments(): SegmentStore {
  const segments = new Map<string, Uint8Array>()
  return Object.freeze<SegmentStore>({
    put: async (name, bytes) => {
      if (segments.has(checkObjectId(name))) throw new StorageError('exists', `segment ${name} is there already`)
      segments.set(name, bytes.slice())
    },
    list: async () => [...segments.keys()].sort(),
    read: async (name, most) => {
      const bytes = segments.get(checkObjectId(name))
      if (bytes !== undefined && bytes.length > most) throw new StorageError('failed', `segment ${name} has ${bytes.length} bytes`)
      return bytes?.slice()
    },
    delete: async (name) => {
      segments.delete(checkObjectId(name))
    },
  })
}
