import { mediaTypes, parseDigest, parseRepositoryName, type ReferrerDescriptor, referrersIndex } from '../../oci/index.ts'
import type { ReferrerPage, ReferrersPage } from '../../registry/index.ts'
import { type Answer, textAnswer } from '../answer.ts'
import { queryValue } from '../target.ts'
import type { Api, Call } from './call.ts'
import { nextLink, parseLast, parsePageSize } from './paging.ts'

/** Clients read at most 4 MiB of such a document. What stands around the descriptors is well under the difference. */
const mostBytes = 4 * 1024 * 1024 - 1024
/** Descriptors on a page: at the usual 300 to 1,000 bytes each they fit, and one question to the core is enough. */
const largestPage = 4000

/** Always 200 (distribution-spec, "Listing Referrers"): 404 would tell clients that this API does not exist. */
export async function listReferrers({ registry, caching }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const subject = parseDigest(call.last)
  const n = parsePageSize(call.query, largestPage)
  const artifactType = parseArtifactType(call.query)
  const page = { limit: n ?? largestPage, last: parseLast(call.query), artifactType }
  const { texts, next } = await boundedPage((asked) => registry.lists.referrers(call.actor, repository, subject, asked), page)
  const headers: Record<string, string> = { 'cache-control': caching.byName }
  if (artifactType !== undefined) headers['oci-filters-applied'] = 'artifactType'
  if (next !== undefined && n !== 0) {
    headers['link'] = nextLink(`/v2/${repository}/referrers/${subject}`, { artifactType, n, last: next })
  }
  return textAnswer(200, mediaTypes.ociIndex, wrap(texts), headers)
}

/** Absent and empty mean no filter. No type holds a NUL, which a database may refuse: such a filter finds nothing. */
function parseArtifactType(query: string): string | undefined {
  return queryValue(query, 'artifactType')?.replaceAll('\0', '\ufffd') || undefined
}

interface BoundedPage {
  /** Descriptors as JSON. */
  readonly texts: readonly string[]
  readonly next: string | undefined
}

/** Asks again for fewer when annotations make the page too large, since only the core knows where the next one begins. */
async function boundedPage(list: (page: ReferrersPage) => Promise<ReferrerPage>, page: ReferrersPage): Promise<BoundedPage> {
  const found = await list(page)
  const texts = found.descriptors.map(descriptorText)
  const fitting = countFitting(texts)
  if (fitting === texts.length) return { texts, next: found.next }
  const shorter = await list({ ...page, limit: fitting })
  return { texts: shorter.descriptors.map(descriptorText), next: shorter.next }
}

/** How many of the texts fit on a page; at least one, which `descriptorText` makes sure of. */
function countFitting(texts: readonly string[]): number {
  let bytes = 0
  for (const [index, text] of texts.entries()) {
    bytes += Buffer.byteLength(text) + 1
    if (bytes > mostBytes) return index
  }
  return texts.length
}

/** A descriptor that alone is too large goes without its annotations: one hostile referrer must not hide all others. */
function descriptorText(descriptor: ReferrerDescriptor): string {
  const text = JSON.stringify(descriptor)
  return Buffer.byteLength(text) < mostBytes ? text : JSON.stringify({ ...descriptor, annotations: undefined })
}

/** The index around descriptors that are JSON already. */
function wrap(texts: readonly string[]): string {
  return JSON.stringify(referrersIndex([])).replace('"manifests":[]', () => `"manifests":[${texts.join(',')}]`)
}
