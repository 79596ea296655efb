import { type Candidates, type Precondition, RegistryError } from '../oci/index.ts'

/** One entity tag or `*`, and the comma or end behind it (RFC 9110, section 8.8.3). */
const item = /[ \t]*(?:(\*)|(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")[ \t]*(,|$)/y
const mostTags = 64

/**
 * `If-Match` and `If-None-Match` of a request that changes something; absent when it has neither.
 * @throws RegistryError `PRECONDITION_INVALID` for anything but `*` or a list of quoted entity tags: a condition that is not
 * understood must not be taken for one that holds
 */
export function parsePrecondition(headers: Headers): Precondition | undefined {
  const [ifMatch, ifNoneMatch] = [headers.get('if-match'), headers.get('if-none-match')]
  if (ifMatch === null && ifNoneMatch === null) return undefined
  return {
    // A weak tag never matches here (section 13.1.1), and always may there (13.1.2).
    match: ifMatch === null ? undefined : parseCandidates('If-Match', ifMatch, false),
    noneMatch: ifNoneMatch === null ? undefined : parseCandidates('If-None-Match', ifNoneMatch, true),
  }
}

function parseCandidates(header: string, text: string, weakToo: boolean): Candidates {
  const digests: string[] = []
  let tags = 0
  item.lastIndex = 0
  for (let more = true; more; ) {
    const [all, any, weak, opaque, behind] = item.exec(text) ?? []
    if (all === undefined || ++tags > mostTags) throw invalid(header)
    more = behind === ','
    if (any !== undefined) {
      if (more || tags > 1) throw invalid(header)
      return 'any'
    }
    if (weak === undefined || weakToo) digests.push(opaque ?? '')
  }
  return digests
}

function invalid(header: string): RegistryError {
  const message = `${header} takes "*", or up to ${mostTags} entity tags, each in double quotes as the header ETag gives it, divided by commas`
  return new RegistryError('PRECONDITION_INVALID', { message, detail: { header, limit: mostTags } })
}
