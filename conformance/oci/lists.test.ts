import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient, jsonOf, nextOf, type Client } from './client.ts'
import { freshRepository, types } from './content.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

const emptyIndex = '{"schemaVersion":2,"manifests":[]}'
const bytewise = (names: readonly string[]) => [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

/** Follows Link from `path` on; the pages, each of the names in `member`. */
async function pagesOf(client: Client, path: string, member: 'tags' | 'repositories'): Promise<string[][]> {
  const pages: string[][] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer = await client.send('GET', next)
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200, 'application/json', 'no-cache',
    ])
    pages.push((jsonOf(answer) as Record<typeof member, string[]>)[member])
    next = nextOf(answer)
  }
  return pages
}

forEachRegistry('lists', (url) => {
  const client = () => createClient(url())

  describe('of tags', () => {
    const names = ['a', 'B', '_', '0', 'a.b', 'a-b', 'A', 'aa', 'Z', 'z', '1.10', '1.9']
    const pushed = async () => {
      const repository = freshRepository()
      for (const tag of names) await client().putManifest(repository, tag, emptyIndex, types.index)
      return { repository, path: `/v2/${repository}/tags/list`, sorted: bytewise(names) }
    }

    test('all of them in byte order, when no number is asked for', async () => {
      const { repository, path, sorted } = await pushed()
      const answer = await client().send('GET', path)
      expect([jsonOf(answer), nextOf(answer)]).toEqual([{ name: repository, tags: sorted }, undefined])
    })

    test.each([1, 2, 5, 11, 12, 13, 10_000, 99_999_999_999])('in pages of %d', async (n) => {
      const { path, sorted } = await pushed()
      const pages = await pagesOf(client(), `${path}?n=${n}`, 'tags')
      expect(pages.flat()).toEqual(sorted)
      expect(pages.slice(0, -1).every((page) => page.length === n)).toBe(true)
      expect(pages.length).toBe(Math.ceil(sorted.length / n))
    })

    test('from any point on, one that is no tag too', async () => {
      const { path, sorted } = await pushed()
      for (const last of [...sorted, 'a_', '!', '~', '%C3%A4', '%00', '%zz', 'b b']) {
        const text = last === '%C3%A4' ? 'ä' : last === '%00' ? '' : last
        const expected = sorted.filter((tag) => Buffer.compare(Buffer.from(tag), Buffer.from(text)) > 0)
        const pages = await pagesOf(client(), `${path}?last=${last}&n=3`, 'tags')
        expect(pages.flat()).toEqual(expected)
        expect((await pagesOf(client(), `${path}?last=${last}`, 'tags')).flat()).toEqual(expected)
      }
    })

    test('n=0 is an empty page without a next one', async () => {
      const { repository, path } = await pushed()
      const answer = await client().send('GET', `${path}?n=0`)
      expect([jsonOf(answer), nextOf(answer)]).toEqual([{ name: repository, tags: [] }, undefined])
    })

    test.each(['-1', 'x', '1.5', '', '1e3', '%zz', '0x10', '+5'])('n=%s is refused', async (n) => {
      const { path } = await pushed()
      expectError(await client().send('GET', `${path}?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
    })

    test('of a repository that is not there, and of one whose tags are gone', async () => {
      expectError(await client().send('GET', `/v2/${freshRepository()}/tags/list`), 404, 'NAME_UNKNOWN')
      const repository = freshRepository()
      await client().putManifest(repository, 'a', emptyIndex, types.index)
      expect((await client().send('DELETE', `/v2/${repository}/manifests/a`)).status).toBe(202)
      expect(jsonOf(await client().send('GET', `/v2/${repository}/tags/list`))).toEqual({ name: repository, tags: [] })
    })

    test('HEAD has the length of the list', async () => {
      const { path } = await pushed()
      const [get, head] = [await client().send('GET', path), await client().send('HEAD', path)]
      expect(head.headers.get('content-length')).toBe(String(get.bytes.length))
    })
  })

  test('the catalog in pages, in byte order, each repository once', async () => {
    const root = freshRepository()
    const repositories = bytewise([root, `${root}/a`, `${root}/b`, `${root}-a`, `${root}.a`, `${root}_a`, `${root}0`])
    for (const repository of repositories) await client().putManifest(repository, 'a', emptyIndex, types.index)
    for (const query of ['', '?n=1', '?n=2', '?n=3', '?n=100000']) {
      const pages = await pagesOf(client(), `/v2/_catalog${query}`, 'repositories')
      const listed = pages.flat()
      expect(listed).toEqual(bytewise([...new Set(listed)]))
      expect(listed.filter((name) => name.startsWith(root))).toEqual(repositories)
    }
    const after = await pagesOf(client(), `/v2/_catalog?last=${root}&n=2`, 'repositories')
    expect(after.flat()).not.toContain(root)
    expect(after.flat()).toContain(`${root}/b`)
    expect(jsonOf(await client().send('GET', '/v2/_catalog?n=0'))).toEqual({ repositories: [] })
    for (const n of ['-1', 'x']) expectError(await client().send('GET', `/v2/_catalog?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
  })
})
