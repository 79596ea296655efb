import { RegistryError } from '../../oci/index.ts'
import type { Shape } from './routes.ts'

/** A path of the API taken apart; nothing in it is checked against its grammar yet. */
export interface Match {
  readonly shape: Shape
  /** The repository's name; empty for shapes without one. */
  readonly name: string
  /** What the path ends with: a reference, a digest, the id of an upload. Empty for shapes without one. */
  readonly last: string
}

const prefix = '/v2/'
const base: Match = Object.freeze({ shape: 'base', name: '', last: '' })
const extensions: Match = Object.freeze({ shape: 'extensions', name: '', last: '' })
const catalog: Match = Object.freeze({ shape: 'catalog', name: '', last: '' })

/**
 * Finds the endpoint a path means. It is read from the right, since parts of a repository's name may be called `blobs`,
 * `manifests`, `tags` or `uploads`. Runs for every request: linear in the length, no regular expression, no array unless
 * something is percent-encoded.
 * @returns absent when no endpoint has such a path
 * @throws RegistryError `NAME_INVALID` for a broken percent-escape
 */
export function matchPath(path: string): Match | undefined {
  if (!path.startsWith(prefix)) return path === '/v2' ? base : undefined
  if (path.length === prefix.length) return base
  const rest = path.includes('%') ? decodeParts(path.slice(prefix.length)) : path.slice(prefix.length)
  if (rest === '_catalog') return catalog
  if (rest === '_oci/ext/discover') return extensions
  if (rest.includes('//')) return undefined
  const match = fromRight(rest)
  return match === undefined || match.name === '' || match.name.startsWith('/') ? undefined : match
}

function fromRight(rest: string): Match | undefined {
  const cut = rest.lastIndexOf('/')
  const last = rest.slice(cut + 1)
  if (last === '') return ending(rest, cut, '/blobs/uploads', 'uploads', '')
  if (last === 'uploads' && rest.endsWith('/blobs', cut)) return ending(rest, cut, '/blobs', 'uploads', '')
  if (last === 'list' && rest.endsWith('/tags', cut)) return ending(rest, cut, '/tags', 'tags', '')
  return (
    ending(rest, cut, '/manifests', 'manifest', last) ??
    ending(rest, cut, '/blobs', 'blob', last) ??
    ending(rest, cut, '/blobs/uploads', 'upload', last) ??
    ending(rest, cut, '/referrers', 'referrers', last)
  )
}

/** The match when the text before `cut` ends with `word`; what stands before that is the name. */
function ending(rest: string, cut: number, word: string, shape: Shape, last: string): Match | undefined {
  return rest.endsWith(word, cut) ? { shape, name: rest.slice(0, cut - word.length), last } : undefined
}

/**
 * Decodes every part of the path once. A part that holds a slash after that stays as it was sent: it fails its grammar,
 * where decoding it would let `a%2Fb` stand for a repository in a namespace that a proxy in front did not see.
 */
function decodeParts(rest: string): string {
  return rest.split('/').map(decodePart).join('/')
}

function decodePart(part: string): string {
  if (!part.includes('%')) return part
  try {
    const text = decodeURIComponent(part)
    return text.includes('/') ? part : text
  } catch {
    throw new RegistryError('NAME_INVALID', { message: 'the path holds a broken percent-escape: write "%" as "%25"' })
  }
}
