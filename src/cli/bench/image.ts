/** An image of one layer, made for one push. */
export interface Image {
  readonly tag: string
  readonly layer: Part
  readonly config: Part
  readonly manifest: Part
}

export interface Part {
  readonly mediaType: string
  readonly digest: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const

const encoder = new TextEncoder()

/** Buffers of random bytes that one worker uses again and again: only their beginning changes from image to image. */
export type Layers = Map<number, Uint8Array<ArrayBuffer>>

/**
 * An image that no registry has seen, since its tag is in its layer.
 * @param size of its layer, in bytes
 */
export function makeImage(tag: string, size: number, layers: Layers): Image {
  const bytes = layers.get(size) ?? randomBytes(size)
  layers.set(size, bytes)
  bytes.set(encoder.encode(tag).subarray(0, size))
  const layer = partOf(types.layer, bytes)
  const config = partOf(
    types.config,
    encoder.encode(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: { 'berth.bench': tag } },
        rootfs: { type: 'layers', diff_ids: [layer.digest] },
      }),
    ),
  )
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptorOf(config),
    layers: [descriptorOf(layer)],
  }
  return { tag, layer, config, manifest: partOf(types.manifest, encoder.encode(JSON.stringify(manifest))) }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`
}

function partOf(mediaType: string, bytes: Uint8Array<ArrayBuffer>): Part {
  return { mediaType, digest: digestOf(bytes), bytes }
}

function descriptorOf({ mediaType, digest, bytes }: Part): object {
  return { mediaType, digest, size: bytes.byteLength }
}

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  const most = 65_536 // What Web Crypto gives at once.
  for (let at = 0; at < size; at += most) crypto.getRandomValues(bytes.subarray(at, at + most))
  return bytes
}
