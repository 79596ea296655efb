import { randomBytes } from 'node:crypto'
import { digestOf, type Algorithm } from '../digest.ts'
import { types } from './content.ts'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly [member: string]: unknown
}

export interface PushedManifest {
  readonly text: string
  readonly mediaType: string
  readonly digest: string
  readonly subject: string | undefined
  /** The descriptor that the referrers of `subject` have to list. */
  readonly asReferrer: Descriptor
}

/** Content as a client pushes it: blobs first, then manifests, children before parents. */
export interface DataSet {
  readonly algorithm: Algorithm
  readonly blobs: Uint8Array<ArrayBuffer>[]
  readonly manifests: PushedManifest[]
  /** Tag to position in `manifests`. */
  readonly tags: Record<string, number>
}

/** Puts a data set together. */
export interface Builder {
  readonly set: DataSet
  blob(content: Uint8Array | string, mediaType: string): Descriptor
  /** A blob that is described but never pushed. */
  unpushed(mediaType: string): Descriptor
  /** Adds a manifest as compact JSON. `mediaType` goes into the document too, unless it has one. */
  manifest(document: Record<string, unknown>, mediaType: string): Descriptor
  config(): Descriptor
  layer(mediaType?: string): Descriptor
  image(further?: Record<string, unknown>): Descriptor
}

export function createBuilder(algorithm: Algorithm = 'sha256'): Builder {
  const set: DataSet = { algorithm, blobs: [], manifests: [], tags: {} }

  function blob(content: Uint8Array | string, mediaType: string): Descriptor {
    const bytes = new Uint8Array(Buffer.from(content))
    set.blobs.push(bytes)
    return { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length }
  }

  function manifest(document: Record<string, unknown>, mediaType: string): Descriptor {
    const text = JSON.stringify({ schemaVersion: 2, mediaType, ...document })
    const descriptor = { mediaType, digest: digestOf(text, algorithm), size: Buffer.byteLength(text) }
    const asReferrer = { ...descriptor, ...whatReferrersTell(document) }
    set.manifests.push({ text, mediaType, digest: descriptor.digest, subject: subjectOf(document), asReferrer })
    return descriptor
  }

  const config = () => blob(JSON.stringify({ architecture: 'amd64', os: 'linux', salt: crypto.randomUUID() }), types.config)
  const layer = (mediaType: string = types.gzipLayer) => blob(randomBytes(600), mediaType)
  return Object.freeze({
    set,
    blob,
    manifest,
    config,
    layer,
    unpushed: (mediaType: string) => ({ mediaType, digest: digestOf(randomBytes(16), algorithm), size: 16 }),
    image: (further: Record<string, unknown> = {}) =>
      manifest({ config: config(), layers: [layer(), layer()], ...further }, types.manifest),
  })
}

function subjectOf({ subject }: Record<string, unknown>): string | undefined {
  return (subject as Descriptor | undefined)?.digest
}

/** distribution-spec, "Listing Referrers": its own type, else for an image that of its config; all of its annotations. */
function whatReferrersTell({ artifactType, config, annotations = {} }: Record<string, unknown>): Record<string, unknown> {
  const type = artifactType ?? (config as Descriptor | undefined)?.mediaType
  return { ...(type === undefined ? {} : { artifactType: type }), annotations }
}

const empty = '{}'

/** Makes content unlike any other. */
const salt = () => ({ salt: crypto.randomUUID() })

/** The data sets of the official program, and forms of other clients beside them; the last manifest of each gets the tags. */
const recipes: Readonly<Record<string, (builder: Builder) => Descriptor>> = {
  'an image': (b) => b.image(),
  'an image, uncompressed': (b) => b.image({ layers: [b.layer(types.layer)] }),
  'an image with zstd layers': (b) => b.image({ layers: [b.layer(`${types.layer}+zstd`)] }),
  'an image without layers': (b) => b.image({ layers: [] }),
  'an image without a mediaType': (b) => b.image({ mediaType: undefined }),
  'a manifest of 3.9 MB': (b) => b.image({ annotations: { large: 'a'.repeat(3_900_000) } }),
  'an index': (b) => b.manifest({ manifests: platforms(b) }, types.index),
  'an index in an index': (b) => {
    const inner = b.manifest({ manifests: platforms(b) }, types.index)
    return b.manifest({ manifests: [inner, b.image()] }, types.index)
  },
  'an empty index': (b) => b.manifest({ manifests: [], annotations: salt() }, types.index),
  'an artifact': (b) => artifact(b, 'application/vnd.example.one'),
  'an artifact without content': (b) =>
    artifact(b, 'application/vnd.example.none', { layers: [b.blob(empty, types.empty)], annotations: salt() }),
  'an index of artifacts': (b) => {
    const manifests = [artifact(b, 'a/b'), artifact(b, 'c/d')]
    return b.manifest({ artifactType: 'application/vnd.example.list', manifests }, types.index)
  },
  'an image and what refers to it': referrers,
  'an index and what refers to it': (b) => {
    const subject = b.manifest({ manifests: platforms(b) }, types.index)
    const annotations = { of: 'an index' }
    return b.manifest({ artifactType: 'application/vnd.example', manifests: [b.image()], subject, annotations }, types.index)
  },
  'a referrer whose subject is not there': (b) => artifact(b, 'x/y', { subject: b.unpushed(types.manifest) }),
  'content in a descriptor': (b) =>
    b.image({ config: { ...b.blob(empty, types.config), data: Buffer.from(empty).toString('base64') } }),
  'layers that are not to be pushed': (b) =>
    b.image({ layers: [b.layer(), { ...b.unpushed(types.foreignLayer), urls: ['https://store.invalid/layer'] }] }),
  'members nobody knows': (b) => {
    const layers = [{ ...b.layer('application/vnd.example.layer'), 'org.example.own': 1e3 }]
    return b.image({ 'org.example.member': [1, { deep: true }], layers, empty: null })
  },
  'a Docker image': (b) => b.manifest(dockerImage(b), types.dockerManifest),
  'a Docker image with a foreign layer': (b) => {
    const layers = [{ ...b.unpushed(types.dockerForeignLayer), urls: ['https://store.invalid/'] }]
    return b.manifest({ ...dockerImage(b), layers }, types.dockerManifest)
  },
  'a Docker manifest list': (b) => {
    const manifests = [b.manifest(dockerImage(b), types.dockerManifest)]
    return b.manifest({ manifests }, types.dockerList)
  },
  'an index of layers, as BuildKit caches': (b) => {
    const config = b.blob('{"layers":[]}', 'application/vnd.buildkit.cacheconfig.v0')
    return b.manifest({ manifests: [b.layer(), b.layer(), config] }, types.index)
  },
  'an index with attestations, as BuildKit builds': (b) => {
    const image = b.image()
    const attestation = b.image({ layers: [b.layer('application/vnd.in-toto+json')] })
    const platform = { os: 'unknown', architecture: 'unknown' }
    const annotations = { 'vnd.docker.reference.digest': image.digest, 'vnd.docker.reference.type': 'attestation-manifest' }
    return b.manifest({ manifests: [image, { ...attestation, platform, annotations }] }, types.index)
  },
  'a Helm chart': (b) => {
    const config = b.blob('{"name":"chart"}', 'application/vnd.cncf.helm.config.v1+json')
    return b.image({ config, layers: [b.layer('application/vnd.cncf.helm.chart.content.v1.tar+gzip')] })
  },
  'a Docker plugin': (b) => {
    const config = b.blob(JSON.stringify(salt()), 'application/vnd.docker.plugin.v1+json')
    return b.manifest({ config, layers: [b.layer(types.dockerLayer)] }, types.dockerManifest)
  },
  'a manifest of a type nobody knows': (b) =>
    b.manifest({ anything: ['goes'], blobs: [b.layer()] }, 'application/vnd.example.manifest.v1+json'),
}

const inSha512 = ['an image', 'an index', 'an artifact', 'an image and what refers to it']

/** Each makes new content. */
export const dataSets: Readonly<Record<string, () => DataSet>> = Object.fromEntries([
  ...Object.entries(recipes).map(([name, add]) => [name, () => finish('sha256', add)]),
  ...inSha512.map((name) => [`${name}, by sha512`, () => finish('sha512', recipes[name] ?? referrers)]),
])

/** The manifest that `add` adds last gets two tags. */
function finish(algorithm: Algorithm, add: (builder: Builder) => Descriptor): DataSet {
  const builder = createBuilder(algorithm)
  add(builder)
  const last = builder.set.manifests.length - 1
  return { ...builder.set, tags: { first: last, Second_2: last } }
}

function platforms(builder: Builder): Descriptor[] {
  return ['amd64', 'arm64'].map((architecture) => ({ ...builder.image(), platform: { os: 'linux', architecture } }))
}

function artifact(builder: Builder, artifactType: string, further: Record<string, unknown> = {}): Descriptor {
  const config = builder.blob(empty, types.empty)
  return builder.manifest({ artifactType, config, layers: [builder.layer('text/plain')], ...further }, types.manifest)
}

function dockerImage(builder: Builder): Record<string, unknown> {
  const config = builder.blob(JSON.stringify({ salt: crypto.randomUUID() }), types.dockerConfig)
  return { config, layers: [builder.layer(types.dockerLayer)] }
}

/** Referrers of every form: by artifactType, by the type of the config, an index with and without a type. */
function referrers(builder: Builder): Descriptor {
  const subject = builder.image()
  const annotations = (what: string) => ({ 'org.example.what': what })
  artifact(builder, 'application/vnd.example.sbom', { subject, annotations: annotations('sbom') })
  artifact(builder, 'application/vnd.example.signature', { subject, annotations: annotations('signature') })
  builder.image({ subject, annotations: annotations('image'), config: builder.blob('{"a":1}', 'application/vnd.example.config') })
  const index = { manifests: [], subject, artifactType: 'application/vnd.example.sbom', annotations: annotations('index') }
  builder.manifest(index, types.index)
  return builder.manifest({ manifests: [], subject, annotations: annotations('untyped') }, types.index)
}
