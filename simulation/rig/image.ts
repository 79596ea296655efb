import { digestBytes, mediaTypes, type Digest } from '../../src/oci/index.ts'
import type { Content } from './content.ts'

/** A manifest ready to be put. */
export interface Manifest {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** An image manifest; `name` is in its annotations, so that no two are equal. */
export function createManifest(name: string, config: Content, layers: readonly Content[]): Manifest {
  const descriptor = (mediaType: string, { digest, size }: Content) => ({ mediaType, digest, size })
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor(mediaTypes.ociConfig, config),
      layers: layers.map((layer) => descriptor(mediaTypes.ociLayer, layer)),
      annotations: { name },
    }),
  )
  return { mediaType: mediaTypes.ociManifest, digest: digestBytes(bytes, 'sha256'), bytes }
}
