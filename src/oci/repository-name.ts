import { excerpt } from '../lib/index.ts'
import { RegistryError } from './errors.ts'

declare const brand: unique symbol

/** A valid repository name such as `library/alpine`: safe in a path and a URL, never absolute, without `..`. */
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' }

/** The specification puts 255 on host and name together; the reference server puts it on the name alone, and so do we. */
const longest = 255

const grammar = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

/**
 * Grammar: distribution-spec, "Pulling manifests".
 * @throws RegistryError `NAME_INVALID`
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (text.length <= longest && grammar.test(text)) return text as RepositoryName
  const message =
    text.length > longest
      ? `the repository name is too long: ${text.length} characters, at most ${longest} are allowed`
      : `the repository name ${excerpt(text)} is not valid: use lower-case letters and digits, with ".", "_", "__" or "-" ` +
        'between them, and "/" between parts'
  throw new RegistryError('NAME_INVALID', { message, detail: { name: text.slice(0, longest) } })
}

/** The first part of the name: what belongs to one project. `library` of `library/alpine`, and `alpine` of `alpine`. */
export function namespaceOf(name: RepositoryName): string {
  const slash = name.indexOf('/')
  return slash === -1 ? name : name.slice(0, slash)
}
