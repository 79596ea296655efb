import { expect } from 'bun:test'
import { berth, clients, must, NotSupported, type Group } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import type { Answer } from './answer.ts'
import { jsonOf, nextOf, type Client } from './client.ts'
import { types } from './content.ts'
import { createBuilder, type Descriptor } from './data-sets.ts'
import { expectCaching } from './expect-caching.ts'
import { expectError } from './expect-error.ts'

const list = (client: Client, repository: string, rest: string) => client.send('GET', `/v2/${repository}/referrers/${rest}`)

/** 404 says that there is no such API; clients keep lists under tags then. */
function expectList(client: Client, { status, headers }: Answer): void {
  if (status === 404 && !client.holdsTo('berth')) throw new NotSupported('no referrers API: 404')
  expect([status, headers.get('content-type')]).toEqual([200, types.index])
}

/** Follows Link; the descriptors of each page. */
async function pages(client: Client, repository: string, rest: string): Promise<Descriptor[][]> {
  const found: Descriptor[][] = []
  for (let next: string | undefined = `/v2/${repository}/referrers/${rest}`; next !== undefined; ) {
    const answer = await client.send('GET', next)
    expectList(client, answer)
    expect(answer.bytes.length).toBeLessThanOrEqual(4 * 1024 ** 2)
    found.push((jsonOf(answer) as { manifests: Descriptor[] }).manifests)
    next = nextOf(answer)
  }
  return found
}

const digests = async (client: Client, repository: string, subject: string) =>
  (await pages(client, repository, subject)).flat().map(({ digest }) => digest)

/** Pushes an index that refers to `subject`. */
function refer(client: Client, repository: string, subject: string, further: Record<string, unknown>): Promise<string> {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [],
    subject: { mediaType: types.manifest, digest: subject, size: 1 },
    ...further,
  })
  return client.putManifest(repository, digestOf(text), text, types.index)
}

const asked = [
  must('of-nothing', 'the referrers of a digest nobody refers to are an empty index of the right type', [
    'v2/empty/referrers', 'v1/discovery/referrers-unknown', 'quirks/zero-referrers', 'quirks/no-charset',
  ], async (client) => {
    const repository = client.repository()
    for (const digest of [`sha256:${'0'.repeat(64)}`, digestOf('x'), digestOf('x', 'sha512')]) {
      const answer = await list(client, repository, digest)
      expectList(client, answer)
      if (client.holdsTo('berth')) expectCaching(client, answer, 'no-cache')
      expect(jsonOf(answer)).toEqual({ schemaVersion: 2, mediaType: types.index, manifests: [] })
    }
  }),
  must('subject-later', 'a referrer is listed whether its subject is there, comes later or goes', [], async (client) => {
    const [repository, builder] = [client.repository(), createBuilder()]
    const image = builder.image()
    for (const blob of builder.set.blobs) await client.pushBlob(repository, blob)
    expectList(client, await list(client, repository, image.digest))
    const referrer = await refer(client, repository, image.digest, { artifactType: 'a/b' })
    expect(await digests(client, repository, image.digest)).toEqual([referrer])
    const text = builder.set.manifests[0]?.text ?? ''
    for (let time = 0; time < 2; time++) {
      await client.putManifest(repository, image.digest, text, types.manifest)
      expect(await digests(client, repository, image.digest)).toEqual([referrer])
      expect((await client.send('DELETE', `/v2/${repository}/manifests/${image.digest}`)).status).toBe(202)
      expect(await digests(client, repository, image.digest)).toEqual([referrer])
    }
    expect((await client.send('DELETE', `/v2/${repository}/manifests/${referrer}`)).status).toBe(202)
    expect(await digests(client, repository, image.digest)).toEqual([])
  }),
  // Clients that saw no OCI-Subject, of another registry or an older program, keep an index under a tag made of the subject's digest.
  must('fallback-index', 'those that an index under the fallback tag lists are referrers, once, whatever becomes of that index', [], async (client) => {
    const [repository, subject] = [client.repository(), digestOf(crypto.randomUUID())]
    const fallback = subject.replace(':', '-')
    const put = (manifests: readonly unknown[]) =>
      client.putManifest(repository, fallback, JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests }), types.index)
    const remove = async (reference: string) =>
      expect((await client.send('DELETE', `/v2/${repository}/manifests/${reference}`)).status).toBe(202)
    const listed = async () => (await digests(client, repository, subject)).sort()
    const told = { mediaType: types.index, size: 5, artifactType: 'told/otherwise', annotations: { a: 'b' } }
    const tell = (all: readonly string[]) => put(all.map((digest) => ({ ...told, digest })))
    const referrers = [
      await refer(client, repository, subject, { artifactType: 'a/one' }),
      await refer(client, repository, subject, { artifactType: 'a/two' }),
    ].sort()
    // One that names another subject is no referrer, whatever the index says.
    const stranger = await refer(client, repository, digestOf('other'), {})
    await tell(referrers.slice(0, 1))
    expect(await listed()).toEqual(referrers)
    const index = await tell([...referrers, stranger])
    expect(await listed()).toEqual(referrers)
    const one = (await pages(client, repository, `${subject}?artifactType=a%2Fone`)).flat()
    expect(one.filter(({ artifactType }) => artifactType === 'a/one').map(({ annotations }) => annotations ?? {})).toEqual([{}])
    await remove(index)
    expect(await listed()).toEqual(referrers)
    expect((await client.send('GET', `/v2/${repository}/manifests/${fallback}`)).status).toBe(404)
    await tell(referrers)
    await remove(referrers[0] ?? '')
    expect(await listed()).toEqual(referrers.slice(1))
  }),
  must('of-their-repository', 'referrers belong to their repository', [], async (client) => {
    const [repository, other, subject] = [client.repository(), client.repository(), digestOf(crypto.randomUUID())]
    expectList(client, await list(client, repository, subject))
    await refer(client, repository, subject, { artifactType: 'a/b' })
    expect((await pages(client, other, subject)).flat()).toEqual([])
    expect((await pages(client, repository, subject)).flat().length).toBe(1)
  }),
  clients('plus', 'the plus of a media type in a filter may come as it is', [], async (client) => {
    const [repository, subject] = [client.repository(), digestOf(crypto.randomUUID())]
    expectList(client, await list(client, repository, subject))
    await refer(client, repository, subject, { artifactType: 'application/vnd.a+json' })
    expect((await pages(client, repository, `${subject}?artifactType=application/vnd.a+json`)).flat().length).toBe(1)
  }),
]

const noDigests = { tag: 'latest', short: 'sha256:abc', md5: `md5:${'0'.repeat(32)}`, escape: '%zz' }

const own = [
  ...Object.entries(noDigests).map(([id, digest]) =>
    berth(`no-digest-${id}`, `the referrers of ${digest}, which is no digest, are refused`, [], async (client) => {
      const answer = await list(client, client.repository(), digest)
      expectError(answer, 400, digest === '%zz' ? 'NAME_INVALID' : 'DIGEST_INVALID')
    }),
  ),
  berth('artifact-types', 'an artifactType with all that may stand in one', [], async (client) => {
    const [repository, subject] = [client.repository(), digestOf(crypto.randomUUID())]
    const kinds = ['application/vnd.a+json', 'application/vnd.a json', 'a/b?c=d&e', 'ä/ö', 'a/b%20']
    for (const artifactType of kinds) await refer(client, repository, subject, { artifactType })
    for (const artifactType of kinds) {
      const found = (await pages(client, repository, `${subject}?artifactType=${encodeURIComponent(artifactType)}`)).flat()
      expect(found.map((descriptor) => descriptor['artifactType'])).toEqual([artifactType])
    }
    for (const none of ['%00', '%zz', 'x'.repeat(2000)]) {
      expect((await pages(client, repository, `${subject}?artifactType=${none}`)).flat()).toEqual([])
    }
    const unfiltered = await list(client, repository, `${subject}?artifactType=`)
    expect((jsonOf(unfiltered) as { manifests: unknown[] }).manifests.length).toBe(kinds.length)
  }),
  berth('pages-by-number', 'more than fit on a page, the filter kept from page to page', [], async (client) => {
    const [repository, subject] = [client.repository(), digestOf(crypto.randomUUID())]
    const pushed: string[] = []
    for (let at = 0; at < 15; at++) {
      const artifactType = at % 3 === 0 ? 'every/third' : 'the/others'
      pushed.push(await refer(client, repository, subject, { artifactType, annotations: { at: String(at) } }))
    }
    for (const n of [1, 4, 15, 16]) {
      const found = await pages(client, repository, `${subject}?n=${n}`)
      expect(found.flat().map(({ digest }) => digest)).toEqual([...pushed].sort((a, b) => (a < b ? -1 : 1)))
      expect(Math.max(...found.map((page) => page.length))).toBe(Math.min(n, 15))
      const filtered = await pages(client, repository, `${subject}?artifactType=every%2Fthird&n=${n}`)
      expect(new Set(filtered.flat().map((descriptor) => descriptor['artifactType']))).toEqual(new Set(['every/third']))
      expect(filtered.flat().length).toBe(5)
    }
    for (const n of ['-1', 'x']) {
      expectError(await list(client, repository, `${subject}?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
    }
  }),
  berth('pages-by-size', 'a page is no larger than the 4 MiB that clients read', [], async (client) => {
    const [repository, subject] = [client.repository(), digestOf(crypto.randomUUID())]
    const pushed: string[] = []
    for (let at = 0; at < 12; at++) {
      pushed.push(await refer(client, repository, subject, { annotations: { a: 'x'.repeat(700_000), at: String(at) } }))
    }
    const found = await pages(client, repository, subject)
    expect(found.length).toBeGreaterThan(1)
    expect(new Set(found.flat().map(({ digest }) => digest))).toEqual(new Set(pushed))
  }),
]

export const referrers: Group = {
  id: 'referrers',
  name: { en: 'Referrers', 'zh-CN': '引用者' },
  section: 'distribution-spec: Listing referrers',
  checks: [...asked, ...own],
}
