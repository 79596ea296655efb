import { mediaTypes } from '../../oci/index.ts'
import type { PushedManifest } from '../../registry/index.ts'

/** What whoever pushed a manifest should know though it was stored. Clients such as oras and regctl print it. */
export function pushWarnings({ absent, mediaType }: Pick<PushedManifest, 'absent' | 'mediaType'>): string[] {
  const warnings: string[] = []
  if (absent > 0) {
    const [what, are] = absent === 1 ? ['thing', 'is'] : ['things', 'are']
    warnings.push(`${absent} ${what} that this manifest names ${are} not in this repository; a pull that needs more than is here fails until they are pushed`)
  }
  if (mediaType === mediaTypes.ociArtifact) {
    warnings.push(`${mediaType} was withdrawn before OCI 1.1 and few clients read it; push an image manifest with artifactType instead`)
  }
  return warnings
}
