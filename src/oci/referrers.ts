import type { Digest } from './digest.ts'
import { mediaTypes } from './media-types.ts'

/** One manifest that names the subject (distribution-spec, "Listing Referrers"). */
export interface ReferrerDescriptor {
  readonly mediaType: string
  readonly size: number
  readonly digest: Digest
  /** As `parseManifest` tells it. */
  readonly artifactType?: string | undefined
  /** All annotations of the referring manifest. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** An image index that lists referrers. Members that are undefined disappear when it is written as JSON. */
export interface ReferrersIndex {
  readonly schemaVersion: 2
  readonly mediaType: string
  readonly manifests: readonly ReferrerDescriptor[]
}

/** The document that answers a referrers request; its Content-Type is `mediaTypes.ociIndex` without parameters. */
export function referrersIndex(descriptors: readonly ReferrerDescriptor[]): ReferrersIndex {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: descriptors.map(({ mediaType, size, digest, artifactType, annotations }) => ({
      mediaType,
      size,
      digest,
      artifactType,
      annotations,
    })),
  }
}
