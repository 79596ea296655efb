/** Bytes a registry keeps under their digest. */
export interface Content {
  readonly digest: string
  readonly bytes: Uint8Array
}

/** A manifest and the blobs it lists, the config among them. */
export interface Artifact {
  readonly manifest: Content
  readonly blobs: readonly Content[]
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export function contentOf(bytes: Uint8Array): Content {
  return { digest: `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`, bytes }
}

/** The empty descriptor of the image specification, which artifacts without a config share. */
export const emptyConfig = contentOf(Buffer.from('{}'))

const filling = Buffer.alloc(1024, 'the quick brown fox jumps over the lazy dog; ')

/** A blob of 1 KiB that is the same for the same number, and for no other. */
export function numberedBlob(number: number): Content {
  const bytes = Buffer.from(filling)
  bytes.writeUInt32LE(number)
  return contentOf(bytes)
}

/** An OCI image manifest over these layers, with the empty config. */
export function artifactOf(layers: readonly Content[]): Artifact {
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: 'application/vnd.berth.benchmark',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: emptyConfig.digest, size: emptyConfig.bytes.byteLength },
    layers: layers.map(({ digest, bytes }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest,
      size: bytes.byteLength,
    })),
  }
  return { manifest: contentOf(Buffer.from(JSON.stringify(manifest))), blobs: [emptyConfig, ...layers] }
}

/** A manifest of its own, about another: a signature, an SBOM. */
export function referrerOf(subject: Content, artifactType: string, number: number): Content {
  const { mediaType, ...rest } = JSON.parse(Buffer.from(artifactOf([]).manifest.bytes).toString()) as Record<string, unknown>
  const about = { mediaType: manifestType, digest: subject.digest, size: subject.bytes.byteLength }
  const annotations = { 'org.example.number': `${number}` }
  return contentOf(Buffer.from(JSON.stringify({ ...rest, mediaType, artifactType, subject: about, annotations })))
}

/** A manifest with an annotation that makes it another for each number. */
export function numberedManifest({ bytes }: Content, number: number): Content {
  const manifest = JSON.parse(Buffer.from(bytes).toString()) as object
  return contentOf(Buffer.from(JSON.stringify({ ...manifest, annotations: { 'org.example.number': `${number}` } })))
}
