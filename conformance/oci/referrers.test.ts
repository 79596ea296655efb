import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient, jsonOf, nextOf } from './client.ts'
import { freshRepository, types } from './content.ts'
import { createBuilder, type Descriptor } from './data-sets.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(60_000)

forEachRegistry('referrers', (url) => {
  const client = () => createClient(url())
  const list = (repository: string, rest: string) => client().send('GET', `/v2/${repository}/referrers/${rest}`)

  /** Follows Link; the descriptors of each page. */
  const pages = async (repository: string, rest: string): Promise<Descriptor[][]> => {
    const found: Descriptor[][] = []
    for (let next: string | undefined = `/v2/${repository}/referrers/${rest}`; next !== undefined; ) {
      const answer = await client().send('GET', next)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, types.index])
      expect(answer.bytes.length).toBeLessThanOrEqual(4 * 1024 ** 2)
      found.push((jsonOf(answer) as { manifests: Descriptor[] }).manifests)
      next = nextOf(answer)
    }
    return found
  }

  /** Pushes an index that refers to `subject`. */
  const refer = (repository: string, subject: string, further: Record<string, unknown>): Promise<string> => {
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: types.index,
      manifests: [],
      subject: { mediaType: types.manifest, digest: subject, size: 1 },
      ...further,
    })
    return client().putManifest(repository, digestOf(text), text, types.index)
  }

  test('of nothing: an empty index, whatever is there', async () => {
    const repository = freshRepository()
    for (const digest of [`sha256:${'0'.repeat(64)}`, digestOf('x'), digestOf('x', 'sha512')]) {
      const answer = await list(repository, digest)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, types.index])
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      expect(jsonOf(answer)).toEqual({ schemaVersion: 2, mediaType: types.index, manifests: [] })
    }
  })

  test.each(['latest', 'sha256:abc', `md5:${'0'.repeat(32)}`, '%zz'])('of %s, which is no digest', async (digest) => {
    const answer = await list(freshRepository(), digest)
    expectError(answer, 400, digest === '%zz' ? 'NAME_INVALID' : 'DIGEST_INVALID')
  })

  test('the digest in the subject decides, not its size or type', async () => {
    const [repository, builder] = [freshRepository(), createBuilder()]
    const image = builder.image()
    for (const blob of builder.set.blobs) await client().pushBlob(repository, blob)
    const referrer = await refer(repository, image.digest, { artifactType: 'a/b' })
    expect((await pages(repository, image.digest)).flat().map(({ digest }) => digest)).toEqual([referrer])
    // The subject comes later, goes and comes again.
    const text = builder.set.manifests[0]?.text ?? ''
    for (let time = 0; time < 2; time++) {
      await client().putManifest(repository, image.digest, text, types.manifest)
      expect((await pages(repository, image.digest)).flat().map(({ digest }) => digest)).toEqual([referrer])
      expect((await client().send('DELETE', `/v2/${repository}/manifests/${image.digest}`)).status).toBe(202)
      expect((await pages(repository, image.digest)).flat().map(({ digest }) => digest)).toEqual([referrer])
    }
    expect((await client().send('DELETE', `/v2/${repository}/manifests/${referrer}`)).status).toBe(202)
    expect((await pages(repository, image.digest)).flat()).toEqual([])
  })

  test('belong to their repository', async () => {
    const [repository, other, subject] = [freshRepository(), freshRepository(), digestOf(crypto.randomUUID())]
    await refer(repository, subject, { artifactType: 'a/b' })
    expect((await pages(other, subject)).flat()).toEqual([])
    expect((await pages(repository, subject)).flat().length).toBe(1)
  })

  test('an artifactType with all that may stand in one', async () => {
    const [repository, subject] = [freshRepository(), digestOf(crypto.randomUUID())]
    const kinds = ['application/vnd.a+json', 'application/vnd.a json', 'a/b?c=d&e', 'ä/ö', 'a/b%20']
    for (const artifactType of kinds) await refer(repository, subject, { artifactType })
    for (const artifactType of kinds) {
      const found = (await pages(repository, `${subject}?artifactType=${encodeURIComponent(artifactType)}`)).flat()
      expect(found.map((descriptor) => descriptor['artifactType'])).toEqual([artifactType])
    }
    // Clients send the plus of a media type as it is.
    expect((await pages(repository, `${subject}?artifactType=application/vnd.a+json`)).flat().length).toBe(1)
    for (const none of ['%00', '%zz', 'x'.repeat(2000)]) {
      expect((await pages(repository, `${subject}?artifactType=${none}`)).flat()).toEqual([])
    }
    const unfiltered = await list(repository, `${subject}?artifactType=`)
    expect((jsonOf(unfiltered) as { manifests: unknown[] }).manifests.length).toBe(kinds.length)
  })

  // Clients that saw no OCI-Subject, of another registry or an older program, keep an index under a tag made of the subject's digest.
  test('also those that an index under the fallback tag lists, once, whatever becomes of that index', async () => {
    const [repository, subject] = [freshRepository(), digestOf(crypto.randomUUID())]
    const fallback = subject.replace(':', '-')
    const put = async (manifests: readonly unknown[]) => {
      const text = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests })
      return await client().putManifest(repository, fallback, text, types.index)
    }
    const listed = async () => (await pages(repository, subject)).flat().map(({ digest }) => digest).sort()
    const descriptor = (digest: string) => ({ mediaType: types.index, digest, size: 5, artifactType: 'told/otherwise', annotations: { a: 'b' } })
    const referrers = [await refer(repository, subject, { artifactType: 'a/one' }), await refer(repository, subject, { artifactType: 'a/two' })].sort()
    // One that names another subject, or none, is no referrer, whatever the index says.
    const strangers = [await refer(repository, digestOf('other'), {}), await client().putManifest(repository, 'x', '{"schemaVersion":2,"manifests":[]}', types.index)]
    await put(referrers.slice(0, 1).map(descriptor))
    expect(await listed()).toEqual(referrers)
    const index = await put([...referrers, ...strangers].map(descriptor))
    expect(await listed()).toEqual(referrers)
    const told = (await pages(repository, `${subject}?artifactType=a%2Fone`)).flat()
    expect(told).toMatchObject([{ artifactType: 'a/one', annotations: {} }])
    expect((await pages(repository, `${subject}?artifactType=told%2Fotherwise`)).flat()).toEqual([])
    expect((await client().send('DELETE', `/v2/${repository}/manifests/${fallback}`)).status).toBe(202)
    expect((await client().send('DELETE', `/v2/${repository}/manifests/${index}`)).status).toBe(202)
    expect(await listed()).toEqual(referrers)
    expect((await client().send('GET', `/v2/${repository}/manifests/${fallback}`)).status).toBe(404)
    await put(referrers.map(descriptor))
    expect((await client().send('DELETE', `/v2/${repository}/manifests/${referrers[0]}`)).status).toBe(202)
    expect(await listed()).toEqual(referrers.slice(1))
  })

  describe('more than fit on a page', () => {
    test('by number, the filter kept from page to page', async () => {
      const [repository, subject] = [freshRepository(), digestOf(crypto.randomUUID())]
      const pushed: string[] = []
      for (let at = 0; at < 15; at++) {
        const artifactType = at % 3 === 0 ? 'every/third' : 'the/others'
        pushed.push(await refer(repository, subject, { artifactType, annotations: { at: String(at) } }))
      }
      for (const n of [1, 4, 15, 16]) {
        const found = await pages(repository, `${subject}?n=${n}`)
        expect(found.flat().map(({ digest }) => digest)).toEqual([...pushed].sort((a, b) => (a < b ? -1 : 1)))
        expect(Math.max(...found.map((page) => page.length))).toBe(Math.min(n, 15))
        const filtered = await pages(repository, `${subject}?artifactType=every%2Fthird&n=${n}`)
        expect(new Set(filtered.flat().map((descriptor) => descriptor['artifactType']))).toEqual(new Set(['every/third']))
        expect(filtered.flat().length).toBe(5)
      }
      for (const n of ['-1', 'x']) expectError(await list(repository, `${subject}?n=${n}`), 400, 'PAGINATION_NUMBER_INVALID')
    })

    test('by size: clients read no more than 4 MiB', async () => {
      const [repository, subject] = [freshRepository(), digestOf(crypto.randomUUID())]
      const pushed: string[] = []
      for (let at = 0; at < 12; at++) {
        pushed.push(await refer(repository, subject, { annotations: { a: 'x'.repeat(700_000), at: String(at) } }))
      }
      const found = await pages(repository, subject)
      expect(found.length).toBeGreaterThan(1)
      expect(new Set(found.flat().map(({ digest }) => digest))).toEqual(new Set(pushed))
    })
  })
})
