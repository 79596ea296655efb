import { Latencies, type LatencyFigures } from '../serving/load/latencies.ts'

/** What one phase did. A run whose counts are small has shown little. */
export class Tally {
  readonly counts = {
    /** Manifests that were acknowledged. */
    pushes: 0,
    blobs: 0,
    mounts: 0,
    /** The source did not have it any more: the answer was a session, which was gone on with. */
    mountsRefused: 0,
    /** Uploads that were left out because HEAD said that the blob is there. */
    skips: 0,
    /** Images made of what a deletion had left to the collector a few seconds before; their blobs that HEAD still had, and that it had not. */
    orphans: 0,
    orphansThere: 0,
    orphansGone: 0,
    /** Manifests and tags. */
    deletes: 0,
    /** Blobs that no manifest came for, and uploads that were left open. */
    abandoned: 0,
    /** Images that were read, all of each. */
    looks: 0,
  }
  /** Pushes that failed once, by what was answered. The second run of the same steps did not. */
  readonly cured: Record<string, number> = {}
  /** Ms: an upload of a blob, from its first request to its 201; the put of a manifest; a whole push. */
  readonly took = { blob: new Latencies(), manifest: new Latencies(), image: new Latencies() }

  figures(): PhaseFigures {
    const { blob, manifest, image } = this.took
    return { ...this.counts, cured: this.cured, took: { blob: blob.figures(), manifest: manifest.figures(), image: image.figures() } }
  }
}

export type Counts = Tally['counts']

export interface PhaseFigures extends Counts {
  readonly cured: Readonly<Record<string, number>>
  readonly took: Readonly<Record<'blob' | 'manifest' | 'image', LatencyFigures>>
}

/** Everything that was acknowledged: manifests, blobs, mounts, deletions. */
export function acknowledgedOf({ pushes, blobs, mounts, deletes }: Counts): number {
  return pushes + blobs + mounts + deletes
}
