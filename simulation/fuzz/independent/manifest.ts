import { type Json, readJson } from './json.ts'
import { isKnownDigest, isMediaType } from './names.ts'

/** What a manifest comes to, as comparable text. */
export interface Summary {
  readonly mediaType: string
  readonly form: string
  readonly artifactType: string | undefined
  readonly subject: string | undefined
  readonly annotations: readonly (readonly [string, string])[]
  readonly children: readonly string[]
}

type Members = Map<string, Json>

const manifestMembers = 'schemaVersion mediaType artifactType config layers manifests subject annotations'.split(' ')
const descriptorMembers = 'mediaType digest size urls annotations data platform artifactType'.split(' ')
const images = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
const indexes = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const dead = ['application/vnd.docker.distribution.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v1+prettyjws']

/**
 * What a registry takes for a manifest, written once more from the specification and docs, sharing nothing with src/oci.
 * @returns undefined for what is to be refused
 */
export function readManifest(bytes: Uint8Array, contentType: string | null): Summary | undefined {
  const document = readJson(bytes, { depth: 32, values: 150_000 })
  if (document === undefined || hasVariant(document, manifestMembers)) return undefined
  const mediaType = mediaTypeOf(document, contentType)
  if (mediaType === undefined || dead.includes(mediaType) || !isMediaType(mediaType)) return undefined
  // Browsers would make a page of it.
  if (mediaType.toLowerCase().includes('html')) return undefined
  const [image, index] = [images.includes(mediaType), indexes.includes(mediaType)]
  const named = (name: string) => document.has(name)
  if (named('manifests') && (named('layers') || named('config'))) return undefined
  if ((image && named('manifests')) || (index && (named('layers') || named('config')))) return undefined
  if (!image && !index) return readUnknown(document, mediaType)
  return readKnown(document, mediaType, image ? 'image' : 'index')
}

/** A name that another parser could take for one of these: Go compares without regard to case, and folds the long s and the Kelvin sign. */
function hasVariant(members: Members, known: readonly string[]): boolean {
  const folded = known.map(fold)
  return [...members.keys()].some((name) => name.length <= 64 && !known.includes(name) && folded.includes(fold(name)))
}

function fold(name: string): string {
  return [...name].map((character) => character.toUpperCase().toLowerCase()).join('')
}

function mediaTypeOf(document: Members, contentType: string | null): string | undefined {
  const semicolon = contentType?.indexOf(';') ?? -1
  const declared = (semicolon === -1 ? (contentType ?? '') : (contentType ?? '').slice(0, semicolon)).trim()
  const own = document.get('mediaType') ?? ''
  if (typeof own !== 'string') return undefined
  if (declared !== '') return own === '' || own === declared ? declared : undefined
  if (own !== '') return own
  if (document.has('fsLayers')) return undefined
  if (Array.isArray(document.get('manifests'))) return indexes[0]
  return document.get('config') instanceof Map ? images[0] : undefined
}

interface Child {
  readonly digest: string
  readonly size: number
  readonly mediaType: string
}

function readKnown(document: Members, mediaType: string, form: 'image' | 'index'): Summary | undefined {
  if (![undefined, null, 2].includes(document.get('schemaVersion') as null)) return undefined
  const lists = form === 'image' ? ([['layer', 'layers']] as const) : ([['child', 'manifests']] as const)
  if (form === 'index' && !document.has('manifests')) return undefined
  const found: [string, Child][] = []
  const config = form === 'image' ? descriptor(document.get('config')) : undefined
  if (form === 'image' && config === undefined) return undefined
  if (config !== undefined) found.push(['config', config])
  for (const [kind, name] of lists) {
    const value = document.get(name) ?? []
    if (!Array.isArray(value) || value.length > 10_000) return undefined
    for (const item of value) {
      const child = descriptor(item)
      if (child === undefined) return undefined
      found.push([kind, child])
    }
  }
  const children = describe(found, true)
  const artifactType = document.get('artifactType') ?? ''
  const subject = document.get('subject') ?? ''
  const target = subject === '' ? undefined : descriptor(subject)
  const annotations = annotationsOf(document.get('annotations') ?? new Map())
  if (typeof artifactType !== 'string' || artifactType.length > 255 || annotations === undefined || children === undefined)
    return undefined
  if (subject !== '' && target === undefined) return undefined
  const type = artifactType === '' ? config?.mediaType : artifactType
  return { mediaType, form, artifactType: type === '' ? undefined : type, subject: target?.digest, annotations, children }
}

/** Nothing is asked of a document of an unknown type; what is well formed in it counts. */
function readUnknown(document: Members, mediaType: string): Summary | undefined {
  const found: [string, Child][] = []
  const config = descriptor(document.get('config') ?? null)
  if (config !== undefined) found.push(['config', config])
  for (const name of Object.keys(Object.fromEntries([...document.keys()].map((key) => [key, 0])))) {
    const value = document.get(name)
    if (!Array.isArray(value)) continue
    const all = value.map(descriptor)
    if (all.some((child) => child === undefined)) continue
    for (const child of all) found.push([name === 'manifests' ? 'child' : 'layer', child as Child])
  }
  const children = describe(found, false)
  if (children === undefined) return undefined
  const artifactType = document.get('artifactType')
  const usable = typeof artifactType === 'string' && artifactType !== '' && artifactType.length <= 255
  return {
    mediaType,
    form: 'other',
    artifactType: usable ? artifactType : undefined,
    subject: descriptor(document.get('subject') ?? null)?.digest,
    annotations: annotationsOf(document.get('annotations') ?? null) ?? [],
    children,
  }
}

function descriptor(value: Json | undefined): Child | undefined {
  if (!(value instanceof Map) || hasVariant(value, descriptorMembers)) return undefined
  const [mediaType, digest, size] = [value.get('mediaType'), value.get('digest'), value.get('size')]
  if (typeof mediaType !== 'string' || mediaType.length > 255) return undefined
  if (typeof digest !== 'string' || !isKnownDigest(digest)) return undefined
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > Number.MAX_SAFE_INTEGER) return undefined
  if (typeof (value.get('data') ?? '') !== 'string') return undefined
  return annotationsOf(value.get('annotations') ?? new Map()) === undefined ? undefined : { mediaType, digest, size }
}

function annotationsOf(value: Json): [string, string][] | undefined {
  if (!(value instanceof Map)) return undefined
  const pairs = [...value]
  return pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? pairs.sort(byName) : undefined
}

/** An order for annotations: none of theirs means anything. */
export function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

const foreign = [
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
]

/** Each digest once a kind, needed when one place needs it; absent when a digest has two sizes, or there are too many. */
function describe(found: readonly (readonly [string, Child])[], needed: boolean): string[] | undefined {
  const children = new Map<string, { child: Child; required: boolean }>()
  for (const [kind, child] of found) {
    const key = `${kind} ${child.digest}`
    const before = children.get(key)
    if (before !== undefined && before.child.size !== child.size) return undefined
    const required = before?.required === true || (needed && !foreign.includes(child.mediaType))
    children.set(key, { child: before?.child ?? child, required })
  }
  if (children.size > 10_000) return undefined
  return [...children].map(([key, { child, required }]) => [key, String(child.size + 0), child.mediaType, required].join(' '))
}
