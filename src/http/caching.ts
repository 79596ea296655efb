import type { Digest } from '../oci/index.ts'

/** Cache-Control values. People put caching proxies in front, which must never give one user what another may not see. */
export interface Caching {
  /**
   * For what a digest names: it can never change, so whoever has it may keep it. A cache that serves others asks again after an hour:
   * it may have been deleted, or the registry closed to strangers.
   */
  readonly byDigest: string
  /** For what can change at any time: tags and lists. */
  readonly byName: string
}

export function cachingPolicy(anonymousMayPull: boolean): Caching {
  return anonymousMayPull
    ? { byDigest: 'public, max-age=31536000, s-maxage=3600, immutable', byName: 'no-cache' }
    : { byDigest: 'private, no-store', byName: 'private, no-store' }
}

/** The strong validator of an answer: two contents with one digest are the same content. */
export function entityTag(digest: Digest): string {
  return `"${digest}"`
}

/** Whether `If-None-Match` names the tag: `*`, one or several, strong or weak (RFC 9110, section 13.1.2). */
export function isNotModified(header: string | null, tag: string): boolean {
  if (header === null) return false
  if (header === tag) return true
  return header.split(',').some((item) => {
    const candidate = item.trim()
    return candidate === '*' || candidate === tag || candidate === `W/${tag}`
  })
}

/** Whether a range may be served: no `If-Range`, or the very tag. A weak tag and a date never match (section 13.1.5). */
export function rangeStillApplies(header: string | null, tag: string): boolean {
  return header === null || header.trim() === tag
}
