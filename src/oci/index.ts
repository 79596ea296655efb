export { type ByteRange, parseRange, type RangeRequest } from './byte-range.ts'
export { type ContentRange, parseContentRange } from './content-range.ts'
export type { Descriptor } from './descriptor.ts'
export {
  createHasher,
  type Digest,
  digestAlgorithm,
  type DigestAlgorithm,
  digestBytes,
  digestHex,
  type Hasher,
  isDigest,
  parseDigest,
  parseDigestAlgorithm,
} from './digest.ts'
export {
  errorBody,
  type ErrorBody,
  type ErrorCode,
  type ErrorEntry,
  errorTable,
  RegistryError,
  type RegistryErrorOptions,
} from './errors.ts'
export { linuxAmd64Image, readsNoLists } from './legacy-list.ts'
export { type ManifestChild, type ManifestForm, type ParsedManifest, parseManifest } from './manifest.ts'
export { isForeignLayer, isImageManifest, isIndex, isPage, isSchema1, mediaTypes } from './media-types.ts'
export { type Candidates, type Precondition, preconditionHolds } from './precondition.ts'
export { parseReference, type Reference } from './reference.ts'
export { type ReferrerDescriptor, referrersIndex, type ReferrersIndex } from './referrers.ts'
export { namespaceOf, parseRepositoryName, type RepositoryName } from './repository-name.ts'
export { type JsonLimits, type JsonObject, parseStrictJson } from './strict-json.ts'
export { parseTag, type Tag } from './tag.ts'
