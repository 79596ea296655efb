import { parseRepositoryName } from '../../oci/index.ts'
import { type Answer, textAnswer } from '../answer.ts'
import type { Api, Call } from './call.ts'
import { nextLink, parseLast, parsePageSize } from './paging.ts'

const largestPage = 10_000

/** All tags when the client names no number: old clients do not follow links. */
export async function listTags({ registry, caching }: Api, call: Call): Promise<Answer> {
  const repository = parseRepositoryName(call.name)
  const limit = parsePageSize(call.query, largestPage)
  const page = await registry.lists.tags(call.actor, repository, { limit, last: parseLast(call.query) })
  const headers: Record<string, string> = { 'cache-control': caching.byName }
  const last = page.names.at(-1)
  if (page.more && last !== undefined) headers['link'] = nextLink(`/v2/${repository}/tags/list`, { n: limit, last })
  return textAnswer(200, 'application/json', JSON.stringify({ name: repository, tags: page.names }), headers)
}
