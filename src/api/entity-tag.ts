import { Problem } from './problem.ts'

/** Of what a resource looks like as JSON: equal where nothing that can be seen of it changed. */
export function entityTag(body: unknown): string {
  const hash = new Bun.CryptoHasher('sha256').update(JSON.stringify(body)).digest('base64url')
  return `"${hash.slice(0, 22)}"`
}

const mostTags = 64

/**
 * Whether `If-Match` allows a change of what has this tag now (RFC 9110, section 13.1.1).
 * @throws Problem `malformed` for what is neither `*` nor a list of quoted tags: a condition that is not understood must not be taken
 * for one that holds
 */
export function matches(ifMatch: string, current: string): boolean {
  if (ifMatch.trim() === '*') return true
  const tags = ifMatch.split(',').map((tag) => tag.trim())
  if (tags.length > mostTags || !tags.every((tag) => /^(W\/)?"[\x21\x23-\x7e]{0,256}"$/.test(tag))) {
    throw new Problem('malformed', { errors: [{ at: 'If-Match', message: 'must be "*" or entity tags as the header ETag gave them' }] })
  }
  return tags.includes(current)
}
