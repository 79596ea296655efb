import { type Answer, textAnswer } from '../answer.ts'
import type { Api, Call } from './call.ts'
import { nextLink, parseLast, parsePageSize } from './paging.ts'

const defaultPage = 100
const largestPage = 1000

export async function listRepositories({ registry, caching }: Api, call: Call): Promise<Answer> {
  const limit = parsePageSize(call.query, largestPage) ?? defaultPage
  const page = await registry.lists.repositories(call.actor, { limit, last: parseLast(call.query) })
  const headers: Record<string, string> = { 'cache-control': caching.byName }
  const last = page.names.at(-1)
  if (page.more && last !== undefined) headers['link'] = nextLink('/v2/_catalog', { n: limit, last })
  return textAnswer(200, 'application/json', JSON.stringify({ repositories: page.names }), headers)
}
