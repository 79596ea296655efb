import { createLru } from '../lib/index.ts'
import { digestAlgorithm, digestBytes, type Digest } from '../oci/index.ts'
import type { OpenObject } from '../storage/index.ts'

/**
 * Objects that are asked for again and again, whole in memory: to open, look at and read a file costs several times what sending
 * its bytes does. What is larger is sent by the kernel from the file, and costs less than it would from here.
 */
export interface HotObjects {
  /**
   * The object's bytes, if they are in memory, or come to be now since it was asked for lately. `open` opens the whole object.
   * Never bytes that have another size or digest: absent then, and whoever reads the file finds out.
   */
  get(object: HotObject, open: () => Promise<OpenObject | undefined>): Promise<Blob | undefined>
}

export interface HotObject {
  /** Ids are never used again, so what is in memory stays right whatever happens to the file. */
  readonly objectId: string
  readonly digest: Digest
  readonly size: number
}

/** Bun sends files from this size on without reading them. */
const sentByKernel = 1024 * 1024
/** Objects asked for once are remembered by their ids; one pull of everything there is must not push out what is hot. */
const rememberedIds = 10_000

/** @param capacity bytes of memory */
export function createHotObjects(capacity: number): HotObjects {
  const hot = createLru<string, Blob>({ capacity, weigh: ({ size }) => size + 512 })
  const asked = createLru<string, true>({ capacity: rememberedIds })
  const reading = new Map<string, Promise<Blob | undefined>>()

  async function read({ objectId, digest, size }: HotObject, open: () => Promise<OpenObject | undefined>): Promise<Blob | undefined> {
    try {
      const opened = await open()
      if (opened?.kind !== 'file' || opened.size !== size) return undefined
      const bytes = new Uint8Array(await opened.file.arrayBuffer())
      if (bytes.length !== size || digestBytes(bytes, digestAlgorithm(digest)) !== digest) return undefined
      const blob = new Blob([bytes])
      hot.set(objectId, blob)
      return blob
    } finally {
      reading.delete(objectId)
    }
  }

  return Object.freeze<HotObjects>({
    get: async (object, open) => {
      const { objectId, size } = object
      if (size >= sentByKernel) return undefined
      const known = hot.get(objectId) ?? reading.get(objectId)
      if (known !== undefined) return await known
      if (asked.get(objectId) === undefined) {
        asked.set(objectId, true)
        return undefined
      }
      const now = read(object, open)
      reading.set(objectId, now)
      return await now
    },
  })
}
