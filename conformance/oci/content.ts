import { randomBytes } from 'node:crypto'

let repositories = 0

/** A repository name that no other test uses. */
export function freshRepository(): string {
  return freshName()
}

/** A repository name that begins with a prefix and that nothing else uses. */
export function freshName(prefix = 'conformance'): string {
  return `${prefix}/r${process.pid}-${performance.now().toFixed(0)}-${repositories++}`
}

/** New random bytes, so that no other test has pushed them. */
export function freshBytes(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(size))
}

/** Media types of the specifications; tests of a black box have their own list. */
export const types = Object.freeze({
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  foreignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  schema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
})
