import { excerpt } from '../lib/index.ts'
import { digestProblem, isDigest, type Digest } from './digest.ts'
import { isJsonObject, type JsonObject } from './strict-json.ts'

/** What names content: the members every descriptor has (image-spec descriptor.md, "Properties"). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
}

/** Longest media type kept: RFC 6838 allows 127 characters on either side of the slash. */
export const longestMediaType = 255

const members = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform', 'artifactType']
const isCaseVariant = createCaseCheck(members)

/** Reads a descriptor. When it is not well formed, the answer is what is wrong with it, to be put behind the field's name. */
export function readDescriptor(value: unknown): Descriptor | string {
  if (!isJsonObject(value)) return ' is not a descriptor, an object with mediaType, digest and size'
  const variant = Object.keys(value).find(isCaseVariant)
  if (variant !== undefined) return ` has the member ${excerpt(variant)}, a known name in the wrong case`
  const { mediaType, digest, size } = value
  if (typeof mediaType !== 'string' || mediaType.length > longestMediaType) {
    return `.mediaType is not a string of at most ${longestMediaType} characters`
  }
  if (typeof digest !== 'string') return '.digest is not a string'
  if (!isDigest(digest)) return `.digest is wrong: ${digestProblem(digest)}`
  if (!Number.isSafeInteger(size) || Number(size) < 0) return '.size is not a whole number of bytes, zero or more'
  const problem = readExtras(value)
  return problem ?? { mediaType, digest, size: Math.abs(Number(size)) }
}

function readExtras(value: JsonObject): string | undefined {
  if (typeof (value.data ?? '') !== 'string') return '.data is not a string'
  return isAnnotations(value.annotations ?? {}) ? undefined : '.annotations is not an object of strings'
}

/** Annotations map strings to strings (image-spec annotations.md, "Rules"). */
export function isAnnotations(value: unknown): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string')
}

/**
 * Tells names that some JSON parsers, Go's among them, take for a known one though they are written differently: `Layers`, and
 * `layer\u017f`, whose last letter Go folds to "s". A document with such a name means different things to different programs.
 */
export function createCaseCheck(known: readonly string[]): (name: string) => boolean {
  const exact = new Set(known)
  const folded = new Set(known.map(fold))
  return (name) => !exact.has(name) && folded.has(fold(name))
}

/** To upper case and back: the first step maps the long s to "s", the second the Kelvin sign to "k". */
function fold(name: string): string {
  return name.length > 64 ? name : name.toUpperCase().toLowerCase()
}
