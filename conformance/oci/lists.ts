import { expect } from 'bun:test'
import { berth, clients, must, should, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import type { Answer } from './answer.ts'
import { jsonOf, nextOf, type Client } from './client.ts'
import { types } from './content.ts'
import { expectCaching } from './expect-caching.ts'
import { expectError } from './expect-error.ts'

const emptyIndex = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [] })
const bytewise = (names: readonly string[]) => [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
const tagsIn = (answer: Answer) => (jsonOf(answer) as { tags: string[] | null }).tags

/** A Link that leads round in a circle has an end here. */
const mostPages = 10_000

/** Follows Link from `path` on; the pages, each of the names in `member`. */
async function pagesOf(client: Client, path: string, member: 'tags' | 'repositories'): Promise<string[][]> {
  const pages: string[][] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer = await client.send('GET', next)
    expect(answer.status).toBe(200)
    if (client.holdsTo('berth')) {
      expect(answer.headers.get('content-type')).toBe('application/json')
      expectCaching(client, answer, 'no-cache')
    }
    expect(pages.length).toBeLessThan(mostPages)
    pages.push((jsonOf(answer) as Record<typeof member, string[]>)[member])
    next = nextOf(answer)
  }
  return pages
}

const names = ['a', 'B', '_', '0', 'a.b', 'a-b', 'A', 'aa', 'Z', 'z', '1.10', '1.9']

/** Link is for the registry to send or not: without one, a full page is followed by what comes after its last tag. */
async function tagsAfter(client: Client, path: string, n: number | undefined, after: string): Promise<string[]> {
  const query = (last: string) => [...(n === undefined ? [] : [`n=${n}`]), ...(last === '' ? [] : [`last=${last}`])].join('&')
  const found: string[] = []
  for (let next: string | undefined = `${path}?${query(after)}`; next !== undefined; ) {
    const answer = await client.send('GET', next)
    expect(answer.status).toBe(200)
    const page = tagsIn(answer) ?? []
    if (n !== undefined) expect(page.length).toBeLessThanOrEqual(n)
    found.push(...page)
    expect(found.length).toBeLessThanOrEqual(names.length)
    next = nextOf(answer) ?? (page.length === n ? `${path}?${query(page.at(-1) ?? '')}` : undefined)
  }
  return found
}

/** Of other registries their order is seen once. */
function expectTags(client: Client, found: string[], sorted: string[]): void {
  expect(client.holdsTo('berth') ? found : bytewise(found)).toEqual(sorted)
}

const noNumbers = {
  negative: '-1', word: 'x', fraction: '1.5', nothing: '', exponent: '1e3', escape: '%zz', hexadecimal: '0x10', sign: '+5',
}

async function pushTags(client: Client) {
  const repository = client.repository()
  for (const tag of names) await client.putManifest(repository, tag, emptyIndex, types.index)
  return { repository, path: `/v2/${repository}/tags/list`, sorted: bytewise(names) }
}

const ofTags = [
  must('tags-of-nothing', 'the tags of a repository nobody pushed to are 200 or 404', ['v2/empty/tag-list'], async (client) => {
    const answer = await client.send('GET', `/v2/${client.repository()}/tags/list`)
    if (client.holdsTo('berth')) expectError(answer, 404, 'NAME_UNKNOWN')
    else expect([200, 404]).toContain(answer.status)
  }),
  must('tags-sorted', 'all tags are listed in byte order when no number is asked for', ['v1/discovery/tags'], async (client) => {
    const { repository, path, sorted } = await pushTags(client)
    const answer = await client.send('GET', path)
    if (client.holdsTo('berth')) expect([jsonOf(answer), nextOf(answer)]).toEqual([{ name: repository, tags: sorted }, undefined])
    else expect([answer.status, (await pagesOf(client, path, 'tags')).flat()]).toEqual([200, sorted])
  }),
  ...[1, 2, 5, 6, 11, 12, 13].map((n) =>
    must(`tags-n-${n}`, `tags come in pages of ${n}, from Link to Link`, ['v1/discovery/tags-n'], async (client) => {
      const { path, sorted } = await pushTags(client)
      if (!client.holdsTo('berth')) return expectTags(client, await tagsAfter(client, path, n, ''), sorted)
      const pages = await pagesOf(client, `${path}?n=${n}`, 'tags')
      expect(pages.flat()).toEqual(sorted)
      expect(pages.slice(0, -1).every((page) => page.length === n)).toBe(true)
      expect(pages.length).toBe(Math.ceil(sorted.length / n))
    }),
  ),
  must('tags-last', 'last leads on after a tag, with and without a number', ['v1/discovery/tags-last'], async (client) => {
    const { path, sorted } = await pushTags(client)
    for (const [at, last] of sorted.entries()) {
      for (const query of ['', '&n=3']) {
        const found = client.holdsTo('berth')
          ? (await pagesOf(client, `${path}?last=${last}${query}`, 'tags')).flat()
          : await tagsAfter(client, path, query === '' ? undefined : 3, last)
        expectTags(client, found, sorted.slice(at + 1))
      }
    }
  }),
  should('tags-last-none', 'last need not be a tag that is there', [], async (client) => {
    const { path, sorted } = await pushTags(client)
    for (const last of ['a_', '1.5']) {
      const expected = sorted.filter((tag) => Buffer.compare(Buffer.from(tag), Buffer.from(last)) > 0)
      expect((await pagesOf(client, `${path}?last=${last}`, 'tags')).flat()).toEqual(expected)
    }
  }),
  ...[10_000, 99_999_999_999].map((n) =>
    clients(`tags-n-${n}`, `n=${n} is cut down, not refused`, ['quirks/large-n'], async (client) => {
      const { path, sorted } = await pushTags(client)
      expectTags(client, (await pagesOf(client, `${path}?n=${n}`, 'tags')).flat(), sorted)
    }),
  ),
  clients('tags-link', 'Link is <path>; rel="next"', ['quirks/link-path-absolute'], async (client) => {
    const { path } = await pushTags(client)
    const answer = await client.send('GET', `${path}?n=3`)
    expect(answer.headers.get('link')).toMatch(/^<\/v2\/[^>]+>; rel="next"$/)
  }),
  clients('tags-emptied', 'the tags of a repository whose tags are gone are an empty list, not null', [
    'quirks/tags-array',
  ], async (client) => {
    const repository = client.repository()
    await client.putManifest(repository, 'a', emptyIndex, types.index)
    const { status } = await client.send('DELETE', `/v2/${repository}/manifests/a`)
    if (status !== 202) await client.send('DELETE', `/v2/${repository}/manifests/${digestOf(emptyIndex)}`)
    const answer = await client.send('GET', `/v2/${repository}/tags/list`)
    if (client.holdsTo('berth')) expect(jsonOf(answer)).toEqual({ name: repository, tags: [] })
    else if (answer.status !== 404) expect(tagsIn(answer)).toEqual([])
  }),
  berth('tags-n-0', 'n=0 is an empty page without a next one', [], async (client) => {
    const { repository, path } = await pushTags(client)
    const answer = await client.send('GET', `${path}?n=0`)
    expect([jsonOf(answer), nextOf(answer)]).toEqual([{ name: repository, tags: [] }, undefined])
  }),
  berth('tags-last-anything', 'last may be anything', [], async (client) => {
    const { path, sorted } = await pushTags(client)
    for (const last of ['!', '~', '%C3%A4', '%00', '%zz', 'b b']) {
      const text = last === '%C3%A4' ? 'ä' : last === '%00' ? '' : last
      const expected = sorted.filter((tag) => Buffer.compare(Buffer.from(tag), Buffer.from(text)) > 0)
      for (const query of ['', '&n=3']) {
        expect((await pagesOf(client, `${path}?last=${last}${query}`, 'tags')).flat()).toEqual(expected)
      }
    }
  }),
  ...Object.entries(noNumbers).map(([id, n]) =>
      berth(`tags-n-${id}`, `n=${n} is refused`, [], async (client) => {
        const { path } = await pushTags(client)
        expectError(await client.send('GET', `${path}?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
      }),
  ),
  berth('tags-head', 'HEAD has the length of the list', [], async (client) => {
    const { path } = await pushTags(client)
    const [get, head] = [await client.send('GET', path), await client.send('HEAD', path)]
    expect(head.headers.get('content-length')).toBe(String(get.bytes.length))
  }),
]

const catalog = berth('catalog', 'the catalog comes in pages, in byte order, each repository once', [], async (client) => {
  const root = client.repository()
  const repositories = bytewise([root, `${root}/a`, `${root}/b`, `${root}-a`, `${root}.a`, `${root}_a`, `${root}0`])
  for (const repository of repositories) await client.putManifest(repository, 'a', emptyIndex, types.index)
  for (const query of ['', '?n=1', '?n=2', '?n=3', '?n=100000']) {
    const listed = (await pagesOf(client, `/v2/_catalog${query}`, 'repositories')).flat()
    expect(listed).toEqual(bytewise([...new Set(listed)]))
    expect(listed.filter((name) => name.startsWith(root))).toEqual(repositories)
  }
  const after = await pagesOf(client, `/v2/_catalog?last=${root}&n=2`, 'repositories')
  expect(after.flat()).not.toContain(root)
  expect(after.flat()).toContain(`${root}/b`)
  expect(jsonOf(await client.send('GET', '/v2/_catalog?n=0'))).toEqual({ repositories: [] })
  for (const n of ['-1', 'x']) expectError(await client.send('GET', `/v2/_catalog?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
})

export const lists: Group = {
  id: 'lists',
  name: { en: 'Lists of tags and repositories', 'zh-CN': '标签与仓库列表' },
  section: 'distribution-spec: Listing tags',
  checks: [...ofTags, catalog],
}
