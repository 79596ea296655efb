/** Media types the registry knows by name (image-spec media-types.md; Docker's "Image Manifest V2, Schema 2"). */
export const mediaTypes = Object.freeze({
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerPlugin: 'application/vnd.docker.plugin.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  /** Withdrawn before OCI 1.1, which made it an image manifest with an artifactType. */
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
})

const foreignLayers: ReadonlySet<string> = new Set([
  mediaTypes.ociForeignLayer,
  mediaTypes.ociForeignLayerGzip,
  mediaTypes.ociForeignLayerZstd,
  mediaTypes.dockerForeignLayer,
])

/** Layers that clients leave where their `urls` point: they may be missing here. */
export function isForeignLayer(mediaType: string): boolean {
  return foreignLayers.has(mediaType)
}

/** One image or artifact: a config and layers. */
export function isImageManifest(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest
}

/** A list of manifests. */
export function isIndex(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList
}

/**
 * What a browser shows as a page and whose scripts it runs, in the name of this registry. JSON may be such a page: markup in any
 * of its strings is enough.
 */
export function isPage(mediaType: string): boolean {
  return /html/i.test(mediaType)
}

/** Docker's first manifest format, which names content by nothing but order and is dead. */
export function isSchema1(mediaType: string): boolean {
  return mediaType === mediaTypes.dockerSchema1 || mediaType === mediaTypes.dockerSchema1Signed
}
