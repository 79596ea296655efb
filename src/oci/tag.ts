import { excerpt } from '../lib/index.ts'
import { RegistryError } from './errors.ts'

declare const brand: unique symbol

/** A valid tag: at most 128 characters, never `.` or `..`, safe in a path and a URL. */
export type Tag = string & { readonly [brand]: 'Tag' }

const grammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/**
 * Grammar: distribution-spec, "Pulling manifests". Whoever looks a tag up may answer "not found" to this error: no manifest
 * can be under such a tag.
 * @throws RegistryError `TAG_INVALID`
 */
export function parseTag(text: string): Tag {
  if (grammar.test(text)) return text as Tag
  throw new RegistryError('TAG_INVALID', {
    message:
      `the tag ${excerpt(text)} is not valid: 1 to 128 letters, digits, "_", "." and "-", starting with none of the last two`,
    detail: { tag: text.slice(0, 128) },
  })
}
