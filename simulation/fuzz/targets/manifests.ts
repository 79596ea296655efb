import { parseManifest } from '../../../src/oci/index.ts'
import { parseStrictJson } from '../../../src/oci/parsers.testing.ts'
import { isSame, readJson } from '../independent/json.ts'
import { byName, readManifest, type Summary } from '../independent/manifest.ts'
import type { Target } from '../target.ts'
import { must, unless } from './must.ts'

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const oci = 'application/vnd.oci.image'
const docker = 'application/vnd.docker.distribution.manifest'
const config = { mediaType: `${oci}.config.v1+json`, digest: digest('a'), size: 2 }
const layer = { mediaType: `${oci}.layer.v1.tar+gzip`, digest: digest('b'), size: 3 }
const foreign = { mediaType: `${oci}.layer.nondistributable.v1.tar`, digest: digest('c'), size: 4, urls: ['https://a.example'] }
const child = {
  mediaType: `${oci}.manifest.v1+json`,
  digest: digest('d'),
  size: 5,
  platform: { os: 'linux', architecture: 'amd64' },
}

/** The Content-Type stands on the first line; none there is none. */
const body = (contentType: string, document: unknown) =>
  `${contentType}\n${typeof document === 'string' ? document : JSON.stringify(document)}`

function split(input: Uint8Array): [string | null, Uint8Array] {
  const end = input.indexOf(0x0a)
  if (end === -1) return [null, input]
  return [end === 0 ? null : Buffer.from(input.subarray(0, end)).toString('latin1'), input.subarray(end + 1)]
}

/** What the registry makes of a manifest, in the words of the other reader. */
export function summary(bytes: Uint8Array, contentType: string | null): Summary | undefined {
  const read = unless(() => parseManifest(bytes, contentType), 'MANIFEST_INVALID')
  if (read === undefined) return undefined
  const { mediaType, form, artifactType, subject, annotations } = read
  const children = read.children.map(({ kind, digest: own, size, mediaType: type, required }) =>
    [`${kind} ${own}`, String(size), type, required].join(' '),
  )
  return { mediaType, form, artifactType, subject, annotations: Object.entries(annotations).sort(byName), children }
}

/** Two readers agree; what is taken is one thing only, and the same when it is written anew. */
export function checkManifest(bytes: Uint8Array, contentType: string | null): boolean {
  const [ours, theirs] = [summary(bytes, contentType), readManifest(bytes, contentType)]
  must(
    isEqual(ours, theirs),
    'two readers differ on a manifest',
    Buffer.from(bytes).toString(),
    contentType,
    ours ?? 'refused',
    theirs ?? 'refused',
  )
  if (ours === undefined) return false
  const plain = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
  const names = Object.keys(plain).map((name) => name.toLowerCase())
  must(
    !(names.includes('manifests') && (names.includes('layers') || names.includes('config'))),
    'a manifest is an index too',
    plain,
  )
  const again = summary(Buffer.from(JSON.stringify(plain)), ours.mediaType)
  must(isEqual(again, ours), 'a manifest written anew is another one', plain, ours, again ?? 'refused')
  return true
}

function isEqual(a: Summary | undefined, b: Summary | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

const words = [...Object.values(config), ...Object.values(layer)].map(String)

export const manifests: readonly Target[] = [
  {
    name: 'manifest',
    words,
    seeds: [
      body(`${oci}.manifest.v1+json`, {
        schemaVersion: 2,
        mediaType: `${oci}.manifest.v1+json`,
        config,
        layers: [layer, foreign],
      }),
      body(`${docker}.v2+json; charset=utf-8`, { schemaVersion: 2, config, layers: [layer, layer], annotations: { a: 'b' } }),
      body('', { schemaVersion: 2, config, layers: null, subject: child, artifactType: 'a/b' }),
      body('', { config, layers: [{ ...layer, size: 4 }, layer] }),
      body('', { config, manifests: [child] }),
      body('', { config, Layers: [], 'layer\u017f': [] }),
      body('text/HTML', { config }),
      body('application/x', { config, other: [layer], subject: config, annotations: { a: 1 } }),
      body(`${docker}.v1+prettyjws`, { fsLayers: [] }),
      body('', `\ufeff{"config":{}}`),
      body('', '{"config":{},"config":{}}'),
    ],
    run(input) {
      const [contentType, bytes] = split(input)
      checkManifest(bytes, contentType)
    },
  },
  {
    name: 'index',
    words,
    seeds: [
      body(`${oci}.index.v1+json`, { schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests: [child] }),
      body(`${docker}.list.v2+json`, { schemaVersion: 2, manifests: [child, { ...child, digest: digest('e') }] }),
      body('', { manifests: [], subject: child, artifactType: 'a/b', annotations: {} }),
      body('', { manifests: [child], layers: [] }),
      body(`${oci}.index.v1+json`, { schemaVersion: 1, manifests: null }),
      body(`${oci}.index.v1+json`, { manifests: [{ ...child, data: 1 }] }),
      body(`${oci}.index.v1+json`, { mediaType: `${oci}.manifest.v1+json`, manifests: [] }),
    ],
    run(input) {
      const [contentType, bytes] = split(input)
      checkManifest(bytes, contentType)
    },
  },
  {
    name: 'strict-json',
    seeds: [
      '{}',
      '{"a":[1,-0.5e+3,true,false,null,"\\u00e9\\ud83d\\ude00"]}',
      '{"a":{"b":{"c":{}}}}',
      '{"a":1,"\\u0061":2}',
      '{"a":"\\ud800"}',
      '[]',
      '1',
      '{"__proto__":{}}',
      '{"a":01}',
      ' {} ',
    ],
    words: ['\\u0000', '\\ud800', '\\udc00', '1e999', '-0', 'null', 'true', '"a":'],
    run(input) {
      // Small limits, so that short inputs reach them.
      const limits = { depth: 8, values: 64 }
      const theirs = readJson(input, limits)
      let ours: unknown
      try {
        ours = parseStrictJson(input, limits)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
      }
      must(
        (ours === undefined) === (theirs === undefined),
        'two readers differ on JSON',
        Buffer.from(input).toString(),
        ours === undefined,
      )
      if (theirs !== undefined)
        must(isSame(theirs, ours), 'two readers take JSON for different things', Buffer.from(input).toString())
    },
  },
]
