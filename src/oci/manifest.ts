import { excerpt } from '../lib/index.ts'
import { createCaseCheck, type Descriptor, isAnnotations, longestMediaType, readDescriptor } from './descriptor.ts'
import type { Digest } from './digest.ts'
import { RegistryError } from './errors.ts'
import { isForeignLayer, isImageManifest, isIndex, isPage, isSchema1, mediaTypes } from './media-types.ts'
import { isJsonObject, type JsonObject, parseStrictJson } from './strict-json.ts'

/** What a registry has to know of a manifest. Its bytes are kept as they came. */
export interface ParsedManifest {
  /** Without parameters, safe in a header. */
  readonly mediaType: string
  readonly form: ManifestForm
  /** As referrers report it: its own `artifactType`, else for an image the media type of its config. Never empty. */
  readonly artifactType?: string | undefined
  /** The digest of `subject`: the manifest this one refers to, which need not exist. */
  readonly subject?: Digest | undefined
  readonly annotations: Readonly<Record<string, string>>
  /** Content it names, in order, each digest once per kind. */
  readonly children: readonly ManifestChild[]
}

/** `image` and `index`: OCI or Docker. `other`: any media type we do not know, kept as it is. */
export type ManifestForm = 'image' | 'index' | 'other'

export interface ManifestChild extends Descriptor {
  /** `child`: listed by an index; usually a manifest, but BuildKit's cache lists blobs. */
  readonly kind: 'config' | 'layer' | 'child'
  /** Whether pushing the manifest needs it here. Not so for foreign layers and for what an unknown media type names. */
  readonly required: boolean
}

const jsonLimits = { depth: 32, values: 150_000 }
const mostChildren = 10_000

const members = ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject', 'annotations']
const isCaseVariant = createCaseCheck(members)

/** RFC 6838, section 4.2. What does not match must never come back to a client as a header. */
const mediaTypeGrammar = /^[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}\/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}$/

/**
 * Reads a pushed manifest (image-spec manifest.md and image-index.md; distribution-spec, "Pushing Manifests"). Strict about
 * whatever two programs could understand differently, since the digest of a signed document must mean one thing only.
 * @param bytes the whole body, bounded by the caller
 * @param contentType the header as sent, parameters and all; null or undefined when there was none
 * @throws RegistryError `MANIFEST_INVALID` whose message names the field
 */
export function parseManifest(bytes: Uint8Array, contentType: string | null | undefined): ParsedManifest {
  const document = parseDocument(bytes)
  const mediaType = decideMediaType(document, contentType)
  const form = isImageManifest(mediaType) ? 'image' : isIndex(mediaType) ? 'index' : 'other'
  rejectConfusion(document, form)
  return form === 'other' ? readOther(document, mediaType) : readKnown(document, mediaType, form)
}

function parseDocument(bytes: Uint8Array): JsonObject {
  let document: JsonObject
  try {
    document = parseStrictJson(bytes, jsonLimits)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // JSON.parse quotes what it does not understand as it is, and clients print the message on a terminal.
    const message = `the manifest cannot be read: ${error.message.slice(0, 200).replaceAll(/[^ -~]/g, '?')}`
    throw new RegistryError('MANIFEST_INVALID', { message, cause: error })
  }
  const variant = Object.keys(document).find(isCaseVariant)
  if (variant !== undefined) throw invalid(`has the member ${excerpt(variant)}, a known name in the wrong case`)
  return document
}

function decideMediaType(document: JsonObject, contentType: string | null | undefined): string {
  const declared = contentType?.split(';', 1)[0]?.trim() ?? ''
  const own = document.mediaType ?? ''
  if (typeof own !== 'string') throw invalid('has a mediaType that is not a string')
  if (declared !== '' && own !== '' && declared !== own) {
    throw invalid(`says its mediaType is ${excerpt(own)}, but came with the Content-Type ${excerpt(declared)}; send them equal`)
  }
  const mediaType = declared || own || guessMediaType(document)
  if (isSchema1(mediaType)) throw schema1()
  if (isPage(mediaType)) throw invalid(`has the media type ${excerpt(mediaType)}, of which browsers would make a page`)
  if (!mediaTypeGrammar.test(mediaType)) throw invalid(`has ${excerpt(mediaType)} for a media type, which is not valid`)
  return mediaType
}

function guessMediaType(document: JsonObject): string {
  if ('fsLayers' in document) throw schema1()
  if (Array.isArray(document.manifests)) return mediaTypes.ociIndex
  if (isJsonObject(document.config)) return mediaTypes.ociManifest
  throw invalid('has no mediaType and came without a Content-Type; send one')
}

/** CVE-2021-41190: nothing may be an image to one client and an index to another. */
function rejectConfusion(document: JsonObject, form: ManifestForm): void {
  const image = Object.hasOwn(document, 'layers') || Object.hasOwn(document, 'config')
  const index = Object.hasOwn(document, 'manifests')
  if (image && index) throw invalid('has both manifests and layers or config: it must be either an index or an image')
  if (form === 'image' && index) throw invalid('has the media type of an image but the member manifests of an index')
  if (form === 'index' && image) throw invalid('has the media type of an index but the member layers or config of an image')
}

function readKnown(document: JsonObject, mediaType: string, form: 'image' | 'index'): ParsedManifest {
  if ((document.schemaVersion ?? 2) !== 2) throw invalid('has a schemaVersion other than 2')
  const children = createChildren(true)
  let artifactType = readArtifactType(document)
  if (form === 'image') {
    const config = requireDescriptor(document.config, 'config')
    children.add('config', config)
    for (const layer of descriptorsOf(document, 'layers')) children.add('layer', layer)
    artifactType ??= config.mediaType || undefined
  } else {
    if (!Object.hasOwn(document, 'manifests')) throw invalid('has no member manifests, which an index needs')
    for (const child of descriptorsOf(document, 'manifests')) children.add('child', child)
  }
  const subject = isAbsent(document.subject) ? undefined : requireDescriptor(document.subject, 'subject').digest
  const annotations = document.annotations ?? {}
  if (!isAnnotations(annotations)) throw invalid('has annotations that are not an object of strings')
  return { mediaType, form, artifactType, subject, annotations, children: children.list() }
}

/** Of a media type we do not know, whatever is well formed counts, so that its content is kept; nothing else is asked of it. */
function readOther(document: JsonObject, mediaType: string): ParsedManifest {
  const children = createChildren(false)
  const config = readDescriptor(document.config)
  if (typeof config !== 'string') children.add('config', config)
  for (const [name, value] of Object.entries(document)) {
    if (!Array.isArray(value)) continue
    const descriptors = wellFormed(value)
    for (const descriptor of descriptors) children.add(name === 'manifests' ? 'child' : 'layer', descriptor)
  }
  const subject = readDescriptor(document.subject)
  return {
    mediaType,
    form: 'other',
    artifactType: isArtifactType(document.artifactType) ? document.artifactType : undefined,
    subject: typeof subject === 'string' ? undefined : subject.digest,
    annotations: isAnnotations(document.annotations) ? document.annotations : {},
    children: children.list(),
  }
}

/** Go writes what is not there as null or, for strings, as an empty one. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function isArtifactType(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestMediaType
}

function readArtifactType(document: JsonObject): string | undefined {
  const { artifactType } = document
  if (isAbsent(artifactType)) return undefined
  if (isArtifactType(artifactType)) return artifactType
  throw invalid(`has an artifactType that is not a string of at most ${longestMediaType} characters`)
}

/** The descriptors of an array member; null and absence, which Go writes for an empty list, are no descriptors. */
function descriptorsOf(document: JsonObject, name: string): Descriptor[] {
  const value = document[name] ?? []
  if (!Array.isArray(value)) throw invalid(`has a member ${name} that is not an array`)
  if (value.length > mostChildren) throw tooMany()
  return value.map((item: unknown, position) => requireDescriptor(item, `${name}[${position}]`))
}

/** All descriptors of the array when it holds nothing else, otherwise none. */
function wellFormed(values: readonly unknown[]): Descriptor[] {
  const descriptors: Descriptor[] = []
  for (const value of values) {
    const descriptor = readDescriptor(value)
    if (typeof descriptor === 'string') return []
    descriptors.push(descriptor)
  }
  return descriptors
}

function requireDescriptor(value: unknown, field: string): Descriptor {
  const descriptor = readDescriptor(value)
  if (typeof descriptor !== 'string') return descriptor
  throw new RegistryError('MANIFEST_INVALID', { message: `the manifest's ${field}${descriptor}`, detail: { field } })
}

interface Children {
  add(kind: ManifestChild['kind'], descriptor: Descriptor): void
  list(): ManifestChild[]
}

/** Collects children, each digest once per kind. One that is required in one place is required. */
function createChildren(requiredByDefault: boolean): Children {
  const found = new Map<string, ManifestChild>()

  function add(kind: ManifestChild['kind'], descriptor: Descriptor): void {
    const key = `${kind} ${descriptor.digest}`
    const before = found.get(key)
    if (before !== undefined && before.size !== descriptor.size) {
      throw invalid(`gives two sizes for ${descriptor.digest}: ${before.size} and ${descriptor.size}`)
    }
    const required = before?.required === true || (requiredByDefault && !isForeignLayer(descriptor.mediaType))
    found.set(key, { ...(before ?? { ...descriptor, kind }), required })
    if (found.size > mostChildren) throw tooMany()
  }

  return { add, list: () => [...found.values()] }
}

function invalid(problem: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { message: `the manifest ${problem}` })
}

function tooMany(): RegistryError {
  return invalid(`names more than ${mostChildren} descriptors, which is the most this registry accepts`)
}

function schema1(): RegistryError {
  return invalid('has the format Docker schema 1, which is dead and not accepted; push it again with a client from after 2017')
}
