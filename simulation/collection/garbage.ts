import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type DatabaseReader, statement } from '../../src/database/index.ts'
import { inlineLimit } from '../../src/registry/index.ts'
import type { Content } from '../rig/content.ts'

/** What no image that was acknowledged needs, at one moment. */
export interface Garbage {
  /** Blobs of the database, manifests among them. */
  readonly rows: number
  readonly files: number
  readonly bytes: number
  /** Keys whose time came more than a second ago: how far the collector is behind. */
  readonly overdue: number
}

/** What has to be there of an image. */
export interface NeededImage {
  readonly manifest: { readonly digest: string }
  readonly config: Content
  readonly layers: readonly Content[]
}

const blobDigests = statement<{ digest: string }>('select digest from blob')
const overdueKeys = statement<{ key: string }>('select key from gc_queue where due_at < $1')

/** Looks at a registry whose writers have stopped. */
export async function countGarbage(data: string, database: DatabaseReader, images: Iterable<NeededImage>): Promise<Garbage> {
  const needed = new Set<string>()
  const stored = new Map<string, number>()
  for (const { manifest, config, layers } of images) {
    needed.add(manifest.digest)
    for (const { digest, size } of [config, ...layers]) {
      needed.add(digest)
      if (size > inlineLimit) stored.set(digest, size)
    }
  }
  const rows = (await database.all(blobDigests)).filter(({ digest }) => !needed.has(digest)).length
  const overdue = await countOverdue(database)
  const sizes = fileSizes(data)
  const sum = (of: Iterable<number>): number => [...of].reduce((total, size) => total + size, 0)
  return { rows, files: sizes.length - stored.size, bytes: sum(sizes) - sum(stored.values()), overdue }
}

/** Keys whose time came more than a second ago. */
export async function countOverdue(database: DatabaseReader): Promise<number> {
  return (await database.all(overdueKeys, Date.now() - 1_000)).length
}

/** How much of what there was has gone, a part of 1. */
export function gonePart(before: Garbage, after: Garbage): number {
  const [had, has] = [before, after].map(({ rows, files }) => rows + files) as [number, number]
  return had === 0 ? 1 : Math.round((1 - has / had) * 10_000) / 10_000
}

function fileSizes(data: string): number[] {
  return ['blobs', 'uploads'].flatMap((folder) =>
    readdirSync(join(data, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      // The collector may take it now.
      .flatMap((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? []),
  )
}
