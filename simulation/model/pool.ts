import { digestBytes, mediaTypes, type Digest, type DigestAlgorithm } from '../../src/oci/index.ts'
import { bytesOf } from '../rig/content.ts'

/** What histories are made of: few things, so that operations meet on the same ones. */
export interface PooledBlob {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digests: Readonly<Record<DigestAlgorithm, Digest>>
}

export interface PooledChild {
  readonly digest: Digest
  readonly kind: 'config' | 'layer' | 'child'
  readonly required: boolean
}

/** A manifest, with what a registry should read out of it written down beside it. */
export interface PooledManifest extends PooledBlob {
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
  readonly annotations: Readonly<Record<string, string>>
  readonly children: readonly PooledChild[]
}

export const repositories = ['a/one', 'a/two', 'b/one'] as const
export const tags = ['latest', 'v1', 'V2'] as const

function withDigests(bytes: Uint8Array<ArrayBuffer>): PooledBlob {
  return { bytes, digests: { sha256: digestBytes(bytes, 'sha256'), sha512: digestBytes(bytes, 'sha512') } }
}

/** Around the size from which a blob is an object; an empty one too. */
export const blobs: readonly PooledBlob[] = [0, 2, 300, 32 * 1024, 32 * 1024 + 1, 50_000].map((size, n) =>
  withDigests(bytesOf({ name: size > 200 ? `pooled ${n}` : '', size })),
)

const blob = (n: number): PooledBlob => blobs[n] as PooledBlob
const descriptor = (mediaType: string, { bytes, digests }: PooledBlob, algorithm: DigestAlgorithm = 'sha256') => ({
  mediaType,
  digest: digests[algorithm],
  size: bytes.length,
})

interface Wanted {
  readonly mediaType: string
  readonly artifactType?: string
  readonly subject?: PooledManifest
  readonly annotations?: Readonly<Record<string, string>>
  readonly config?: PooledBlob
  readonly layers?: readonly PooledBlob[]
  /** Layers that need not be here. */
  readonly foreign?: readonly PooledBlob[]
  readonly manifests?: readonly PooledBlob[]
}

function manifest(wanted: Wanted): PooledManifest {
  const { mediaType, subject, annotations = {}, config, layers = [], foreign = [], manifests } = wanted
  const layerList = [
    ...layers.map((each) => descriptor(mediaTypes.ociLayer, each)),
    ...foreign.map((each) => descriptor('application/vnd.oci.image.layer.nondistributable.v1.tar', each)),
  ]
  const document = {
    schemaVersion: 2,
    mediaType,
    ...(wanted.artifactType === undefined ? {} : { artifactType: wanted.artifactType }),
    ...(config === undefined ? {} : { config: descriptor(mediaTypes.ociConfig, config), layers: layerList }),
    ...(manifests === undefined ? {} : { manifests: manifests.map((each) => descriptor(mediaTypes.ociManifest, each)) }),
    ...(subject === undefined ? {} : { subject: descriptor(subject.mediaType, subject) }),
    annotations,
  }
  const children = (kind: PooledChild['kind'], required: boolean, of: readonly PooledBlob[]): PooledChild[] =>
    of.map(({ digests }) => ({ digest: digests.sha256, kind, required }))
  return {
    ...withDigests(new TextEncoder().encode(JSON.stringify(document))),
    mediaType,
    artifactType: wanted.artifactType ?? (config === undefined ? undefined : mediaTypes.ociConfig),
    subject: subject?.digests.sha256,
    annotations,
    children: [
      ...children('config', true, config === undefined ? [] : [config]),
      ...children('layer', true, layers),
      ...children('layer', false, foreign),
      ...children('child', true, manifests ?? []),
    ],
  }
}

const image = manifest({ mediaType: mediaTypes.ociManifest, config: blob(1), layers: [blob(4)] })
const larger = manifest({ mediaType: mediaTypes.ociManifest, config: blob(2), layers: [blob(4), blob(5)], foreign: [blob(0)] })
const index = manifest({ mediaType: mediaTypes.ociIndex, manifests: [image, larger], annotations: { of: 'two' } })

export const manifests: readonly PooledManifest[] = [
  image,
  larger,
  index,
  manifest({ mediaType: mediaTypes.ociIndex, manifests: [] }),
  // BuildKit's cache lists layers where an index lists manifests.
  manifest({ mediaType: mediaTypes.ociIndex, manifests: [index, blob(5)] }),
  manifest({ mediaType: mediaTypes.ociIndex, manifests: [], subject: image, artifactType: 'a/signature', annotations: { n: '1' } }),
  manifest({ mediaType: mediaTypes.ociManifest, config: blob(1), subject: image, annotations: { n: '2' } }),
  manifest({ mediaType: mediaTypes.ociIndex, manifests: [], subject: index, artifactType: 'a/signature' }),
]
