/** Characters of a tag, with `*` for any number of them and `?` for one. */
const grammar = /^[a-zA-Z0-9._*?-]{1,128}$/

/** Matches whole tags against one pattern. */
export interface TagPattern {
  readonly text: string
  matches(tag: string): boolean
}

/**
 * Reads `release-*`, `v?.?` or `latest`. Absent for anything else. There is nothing else to write on purpose: whoever may write a
 * rule must not be able to make the matching of a tag slow.
 */
export function parseTagPattern(text: string): TagPattern | undefined {
  if (!grammar.test(text)) return undefined
  const [first = '', ...rest] = text.split('*')
  const last = rest.pop()
  return Object.freeze({ text, matches: (tag: string) => matches(tag, first, rest, last) })
}

/**
 * What stands between stars is looked for where it comes first; a later place would leave less room for the rest, so nothing is
 * tried twice.
 *
 * @param last what stands behind the last star; absent where there is none
 */
function matches(tag: string, first: string, middle: readonly string[], last: string | undefined): boolean {
  if (last === undefined) return tag.length === first.length && standsAt(tag, first, 0)
  const end = tag.length - last.length
  if (end < first.length || !standsAt(tag, first, 0) || !standsAt(tag, last, end)) return false
  let from = first.length
  for (const part of middle) {
    while (from + part.length <= end && !standsAt(tag, part, from)) from++
    if (from + part.length > end) return false
    from += part.length
  }
  return true
}

function standsAt(tag: string, part: string, at: number): boolean {
  for (let index = 0; index < part.length; index++) {
    if (part[index] !== '?' && part[index] !== tag[at + index]) return false
  }
  return true
}
