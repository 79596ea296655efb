import { beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { forEachServer } from '../for-each-server.ts'
import { createClient, jsonOf, nextOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'

setDefaultTimeout(180_000)

const index = '{"schemaVersion":2,"manifests":[]}'

/** Names that stay, in an order of bytes that no collation gives. */
const stems = ['0', '9', 'A', 'B-', 'Z', '_', '__', 'a', 'a.', 'a-', 'b', 'z', 'zz']
const oldTags = stems.flatMap((stem) => Array.from({ length: 9 }, (_, i) => `${stem}${i}`)).sort()
const paths = ['a', 'b.c', 'b-c', 'b_c', 'b/c', 'z']
const oldRepositories = paths.flatMap((path) => Array.from({ length: 9 }, (_, i) => `${path}${i}/old`)).sort()

/** What somebody else does meanwhile: a name right behind an old one comes or goes. */
function meddling(old: readonly string[]) {
  const suffix = fc.constantFrom('0', '-x', '.y', 'zz')
  const change = fc.record({ behind: fc.constantFrom(...old), suffix, goes: fc.boolean() })
  return fc.array(change, { minLength: 10, maxLength: 40 })
}

forEachServer('paging while others push and delete', (server) => {
  const client = () => createClient(server().url)

  beforeAll(async () => {
    for (const tag of oldTags) await client().putManifest('paging', tag, index, types.index)
    for (const repository of oldRepositories) await client().putManifest(repository, 'tag', index, types.index)
  }, 180_000)

  /** All names of a list, page by page. */
  async function all(path: string, member: 'tags' | 'repositories'): Promise<string[]> {
    const names: string[] = []
    for (let next: string | undefined = path; next !== undefined; ) {
      const answer = await client().send('GET', next)
      const page = (jsonOf(answer) as Record<typeof member, string[]>)[member]
      names.push(...page)
      next = nextOf(answer)
    }
    return names
  }

  function expectWhole(names: readonly string[], old: readonly string[]): void {
    const sorted = [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(names).toEqual(sorted)
    expect(old.filter((name) => !names.includes(name))).toEqual([])
  }

  test('loses no tag that was there all the time, and gives none twice', async () => {
    const meddle = async ({ behind, suffix, goes }: { behind: string; suffix: string; goes: boolean }): Promise<void> => {
      const tag = `${behind}.new${suffix}`
      await client().putManifest('paging', tag, index, types.index)
      if (goes) expect([202, 404]).toContain((await client().send('DELETE', `/v2/paging/manifests/${tag}`)).status)
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), meddling(oldTags), async (size, changes) => {
        const lists = [all(`/v2/paging/tags/list?n=${size}`, 'tags'), all(`/v2/paging/tags/list?n=${size + 3}`, 'tags')]
        const meddled = changes.map(meddle)
        for (const names of await Promise.all(lists)) expectWhole(names, oldTags)
        await Promise.all(meddled)
      }),
      { numRuns: 8 },
    )
  })

  test('loses no repository that was there all the time, and gives none twice', async () => {
    const meddle = async ({ behind, suffix, goes }: { behind: string; suffix: string; goes: boolean }): Promise<void> => {
      const repository = `${behind}/new${suffix.replace(/^[-.]/, '-')}`
      await client().putManifest(repository, 'tag', index, types.index)
      if (goes) expect([202, 404]).toContain((await client().send('DELETE', `/v2/${repository}/manifests/tag`)).status)
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), meddling(oldRepositories), async (size, changes) => {
        const lists = [all(`/v2/_catalog?n=${size}`, 'repositories'), all(`/v2/_catalog?n=${size + 3}`, 'repositories')]
        const meddled = changes.map(meddle)
        for (const names of await Promise.all(lists)) expectWhole(names, oldRepositories)
        await Promise.all(meddled)
      }),
      { numRuns: 8 },
    )
  })
})
