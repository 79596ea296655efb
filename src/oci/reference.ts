import { type Digest, parseDigest } from './digest.ts'
import { parseTag, type Tag } from './tag.ts'

/** What follows `manifests/` in a URL. */
export type Reference = { readonly kind: 'tag'; readonly tag: Tag } | { readonly kind: 'digest'; readonly digest: Digest }

/**
 * What holds a colon is a digest, all else is a tag: a tag cannot contain one.
 * @throws RegistryError `DIGEST_INVALID` or `TAG_INVALID`
 */
export function parseReference(text: string): Reference {
  return text.includes(':') ? { kind: 'digest', digest: parseDigest(text) } : { kind: 'tag', tag: parseTag(text) }
}
