import { beforeEach, describe, expect, test } from 'bun:test'
import { digestBytes, type Digest, mediaTypes, type ReferrerDescriptor } from '../../oci/index.ts'
import { createTestHttp, errorCode, type TestHttp } from '../test-http.testing.ts'

const digest = digestBytes(new Uint8Array(0), 'sha256')

let t: TestHttp

beforeEach(() => {
  t = createTestHttp()
})

/** The path of the next page, from a Link header of the form that clients parse. */
function next(answer: Response): string | undefined {
  const link = answer.headers.get('link')
  if (link === null) return undefined
  const match = /^<(\/[^>]*)>; rel="next"$/.exec(link)
  if (match === null) throw new Error(`not a Link that clients understand: ${link}`)
  return match[1]
}

/** Follows links from page to page. */
async function follow<Page>(path: string): Promise<Page[]> {
  const pages: Page[] = []
  for (let at: string | undefined = path; at !== undefined; ) {
    const answer = await t.ask('GET', at)
    expect(answer.status).toBe(200)
    pages.push((await answer.json()) as Page)
    at = next(answer)
  }
  return pages
}

describe('tags/list', () => {
  const path = '/v2/team/app/tags/list'
  const tags = ['1.0', '1.1', 'A', '_x', 'a', 'a-b', 'latest']

  beforeEach(() => {
    for (const tag of tags.toReversed()) t.fake.repository('team/app').tags.set(tag, digest)
  })

  test('gives all without a number', async () => {
    const answer = await t.ask('GET', path)
    expect([answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual(['application/json', 'no-cache'])
    expect(answer.headers.has('link')).toBe(false)
    expect(await answer.json()).toEqual({ name: 'team/app', tags })
  })

  test('a page names the next one', async () => {
    const answer = await t.ask('GET', `${path}?n=3`)
    expect(answer.headers.get('link')).toBe('</v2/team/app/tags/list?n=3&last=A>; rel="next"')
    const pages = await follow<{ tags: string[] }>(`${path}?n=3`)
    expect(pages.map((page) => page.tags.length)).toEqual([3, 3, 1])
    expect(pages.flatMap((page) => page.tags)).toEqual(tags)
  })

  test.each([
    ['?n=0', []],
    ['?n=0&last=a', []],
    ['?n=7', tags],
    ['?n=10001', tags],
    ['?n=99999999999999999999999999', tags],
    ['?last=a', ['a-b', 'latest']],
    ['?last=a%00zzz', ['a-b', 'latest']],
    ['?last=nothing', []],
    ['?last=%zz&n=1', ['1.0']],
    ['?last=&n=7', tags],
    ['?page=2', tags],
  ])('%s', async (query, expected) => {
    const answer = await t.ask('GET', path + query)
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { tags: string[] }).tags).toEqual(expected)
    if (expected.length !== 1) expect(answer.headers.has('link')).toBe(false)
  })

  test.each(['-1', 'x', '1.5', '', '1e3', '0x10', ' 1', '%00'])('n=%s is refused', async (n) => {
    const answer = await t.ask('GET', `${path}?n=${n}`)
    expect(answer.status).toBe(400)
    expect(await errorCode(answer)).toBe('PAGINATION_NUMBER_INVALID')
  })

  test('a NUL, which a database may refuse, never reaches the core', async () => {
    const seen: unknown[] = []
    const { registry } = t.fake
    const tags: typeof registry.lists.tags = (actor, name, page) => {
      seen.push(page.last)
      return registry.lists.tags(actor, name, page)
    }
    const { ask } = createTestHttp({ registry: { ...registry, lists: { ...registry.lists, tags } } })
    for (const last of ['a%00zzz', '%00', 'a']) await ask('GET', `${path}?last=${last}`)
    expect(seen).toEqual(['a', '', 'a'])
  })

  test('a number above the limit is cut, with a link to the rest', async () => {
    const { tags: many } = t.fake.repository('many')
    for (let i = 0; i < 10_001; i++) many.set(`t${String(i).padStart(5, '0')}`, digest)
    const answer = await t.ask('GET', '/v2/many/tags/list?n=50000')
    expect(answer.headers.get('link')).toBe('</v2/many/tags/list?n=10000&last=t09999>; rel="next"')
    expect(((await (await t.ask('GET', '/v2/many/tags/list')).json()) as { tags: string[] }).tags).toHaveLength(10_001)
  })

  test('a repository without tags has an empty list, an unknown one none', async () => {
    t.fake.repository('bare')
    expect(await (await t.ask('GET', '/v2/bare/tags/list')).json()).toEqual({ name: 'bare', tags: [] })
    const answer = await t.ask('GET', '/v2/none/tags/list')
    expect([answer.status, await errorCode(answer)]).toEqual([404, 'NAME_UNKNOWN'])
  })

  test('HEAD is GET without the list', async () => {
    const [get, head] = [await t.ask('GET', path), await t.ask('HEAD', path)]
    expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, null, get.headers.get('content-length')])
  })
})

describe('_catalog', () => {
  const names = Array.from({ length: 1500 }, (_, i) => `team/app-${String(i).padStart(4, '0')}`)

  beforeEach(() => {
    for (const name of names) t.fake.repository(name)
  })

  test.each([
    ['', 100],
    ['?n=20', 20],
    ['?n=5000', 1000],
  ])('%p gives %d and a link', async (query, count) => {
    const answer = await t.ask('GET', `/v2/_catalog${query}`)
    expect(((await answer.json()) as { repositories: string[] }).repositories).toEqual(names.slice(0, count))
    const last = encodeURIComponent(names[count - 1] ?? '')
    expect(answer.headers.get('link')).toBe(`</v2/_catalog?n=${count}&last=${last}>; rel="next"`)
  })

  test('links lead through all of it', async () => {
    const pages = await follow<{ repositories: string[] }>('/v2/_catalog?n=400')
    expect(pages.flatMap((page) => page.repositories)).toEqual(names)
  })

  test('n=0 is empty, n=x refused', async () => {
    const none = await t.ask('GET', '/v2/_catalog?n=0')
    expect([await none.json(), none.headers.has('link')]).toEqual([{ repositories: [] }, false])
    expect(await errorCode(await t.ask('GET', '/v2/_catalog?n=x'))).toBe('PAGINATION_NUMBER_INVALID')
  })
})

describe('referrers', () => {
  const path = `/v2/team/app/referrers/${digest}`

  function refer(index: number, artifactType: string, annotations?: Record<string, string>): ReferrerDescriptor {
    const descriptor = {
      mediaType: mediaTypes.ociManifest,
      size: 500 + index,
      digest: `sha256:${String(index).padStart(64, '0')}` as Digest,
      artifactType,
      annotations,
    }
    t.fake.repository('team/app').referrers.push(descriptor)
    return descriptor
  }

  type Index = { schemaVersion: number; mediaType: string; manifests: ReferrerDescriptor[] }

  test('an index of them, empty where nothing is known', async () => {
    const known = refer(1, 'application/sbom', { 'org.example': 'ä' })
    for (const [at, manifests] of [[path, [known]], [`/v2/none/referrers/${digest}`, []]] as const) {
      const answer = await t.ask('GET', at)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, mediaTypes.ociIndex])
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      expect(answer.headers.has('oci-filters-applied')).toBe(false)
      expect(await answer.json()).toEqual({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests })
    }
  })

  const spellings = ['application/vnd.sbom+json', 'application/vnd.sbom%2Bjson']

  test.each(spellings)('the filter %s is applied and told, on every page', async (type) => {
    const wanted = [1, 3, 5].map((index) => refer(index, 'application/vnd.sbom+json'))
    for (const index of [2, 4]) refer(index, 'application/other')
    const answer = await t.ask('GET', `${path}?artifactType=${type}&n=2`)
    expect(answer.headers.get('oci-filters-applied')).toBe('artifactType')
    const pages = await follow<Index>(`${path}?artifactType=${type}&n=2`)
    expect(pages.map((page) => page.manifests.length)).toEqual([2, 1])
    expect(pages.flatMap((page) => page.manifests)).toEqual(wanted)
  })

  test('an empty filter filters nothing, one with a NUL finds nothing', async () => {
    refer(1, 'application/sbom')
    const all = await t.ask('GET', `${path}?artifactType=`)
    expect(all.headers.has('oci-filters-applied')).toBe(false)
    expect(((await all.json()) as Index).manifests).toHaveLength(1)
    const none = await t.ask('GET', `${path}?artifactType=application/sbom%00`)
    expect(((await none.json()) as Index).manifests).toEqual([])
  })

  test('pages of large annotations stay under 4 MiB and lose nothing', async () => {
    const all = Array.from({ length: 50 }, (_, index) => refer(index, 'application/x', { text: 'ä'.repeat(100_000) }))
    const found: ReferrerDescriptor[] = []
    for (let at: string | undefined = path; at !== undefined; ) {
      const answer = await t.ask('GET', at)
      at = next(answer)
      const text = await answer.text()
      expect(Buffer.byteLength(text)).toBeLessThan(4 * 1024 * 1024)
      found.push(...(JSON.parse(text) as Index).manifests)
    }
    expect(found).toEqual(all)
  })

  test('one that alone is too large comes without its annotations and hides no other', async () => {
    const small = refer(1, 'application/x', { a: 'b' })
    const { annotations, ...large } = refer(2, 'application/x', { text: 'x'.repeat(4 * 1024 * 1024) })
    const last = refer(3, 'application/x')
    const answer = await t.ask('GET', path)
    expect(annotations).toBeDefined()
    expect(((await answer.json()) as Index).manifests as unknown[]).toEqual([small, large, { ...last, annotations: undefined }])
  })

  test('more than a page are all reached', async () => {
    for (let index = 0; index < 4001; index++) refer(index, 'application/x')
    const pages = await follow<Index>(path)
    expect(pages.map((page) => page.manifests.length)).toEqual([4000, 1])
  })

  test.each([
    [`${path}?n=x`, 'PAGINATION_NUMBER_INVALID'],
    ['/v2/team/app/referrers/sha256:bad', 'DIGEST_INVALID'],
    ['/v2/team/app/referrers/latest', 'DIGEST_INVALID'],
  ])('%s is refused', async (at, code) => {
    const answer = await t.ask('GET', at)
    expect([answer.status, await errorCode(answer)]).toEqual([400, code])
  })
})
