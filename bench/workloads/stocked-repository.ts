import { type Artifact, artifactOf, type Content, emptyConfig, numberedBlob, openCrew, referrerOf } from '../load/index.ts'
import { memoryAtRest } from '../machine/index.ts'
import type { RunningSystem, System } from '../systems/index.ts'
import { tagNames } from './many-tags.ts'
import type { Scale } from './workload.ts'

/** A repository in which every tag has a manifest of its own over ten blobs of 1 KiB that no other manifest has. */
export interface Stock {
  readonly repository: string
  readonly tags: readonly string[]
  readonly firstBlob: number
  /** Of the manifest of its first tag. */
  readonly referrers: number
}

export const blobsOfTag = 10
export const fullTags = 100_000
export const fullBlobs = fullTags * blobsOfTag
export const smallTags = 300
/** Blobs from this number on are in neither. */
export const nextBlob = fullBlobs + smallTags * blobsOfTag

export function fullStock(scale: Scale): Stock {
  return { repository: 'bench/full', tags: tagNames(scale(fullTags)), firstBlob: 0, referrers: scale(100) }
}

export function smallStock(scale: Scale): Stock {
  return { repository: 'bench/small', tags: tagNames(scale(smallTags)), firstBlob: fullBlobs, referrers: scale(100) }
}

/** The same without so many of its first tags. */
export function stockFrom(stock: Stock, tag: number): Stock {
  return { ...stock, tags: stock.tags.slice(tag), firstBlob: stock.firstBlob + tag * blobsOfTag }
}

/** What one of its tags names. */
export function artifactAt({ firstBlob }: Stock, tag: number): Artifact {
  return artifactOf(Array.from({ length: blobsOfTag }, (_, index) => numberedBlob(firstBlob + tag * blobsOfTag + index)))
}

export function referrersOf(stock: Stock): Content[] {
  const subject = artifactAt(stock, 0).manifest
  return Array.from({ length: stock.referrers }, (_, number) => referrerOf(subject, 'application/vnd.berth.signature', number))
}

/** Pushes both. Workloads with this very function share a storage. */
export async function fillStocks(_: System, { port, pid }: RunningSystem, scale: Scale): Promise<void> {
  const crew = await openCrew(port, 32)
  try {
    for (const stock of [smallStock(scale), fullStock(scale)]) {
      const { repository, tags } = stock
      await crew.first.pushBlob(repository, emptyConfig)
      await crew.share(tags.length, async (client, index) => {
        const { manifest, blobs } = artifactAt(stock, index)
        for (const blob of blobs.slice(1)) await client.pushBlob(repository, blob)
        await client.pushManifest(repository, tags[index] ?? '', manifest)
      })
      for (const referrer of referrersOf(stock)) await crew.first.pushManifest(repository, referrer.digest, referrer)
    }
    // What it does with all that afterwards, like writing a snapshot, is no part of the first run. Fifteen times as long at most.
    await memoryAtRest(pid, scale(10))
  } finally {
    crew.close()
  }
}
