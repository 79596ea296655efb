import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachRegistry } from '../for-each-server.ts'
import { createClient, jsonOf, locationOf, type Answer, type Client } from './client.ts'
import { freshRepository, types } from './content.ts'
import { dataSets, type DataSet, type Descriptor, type PushedManifest } from './data-sets.ts'
import { expectError } from './expect-error.ts'

setDefaultTimeout(30_000)

/** As the official program asks: two header lines, and nothing but the OCI types. */
const accept = { accept: `${types.index}, ${types.manifest}` }

forEachRegistry('data sets', (url) => {
  const client = () => createClient(url())

  describe.each(Object.entries(dataSets))('%s', (_, build) => {
    test('is pushed, listed, pulled and deleted', async () => {
      const [repository, set] = [freshRepository(), build()]
      await push(client(), repository, set)
      await expectTags(client(), repository, Object.keys(set.tags))
      for (const [tag, position] of Object.entries(set.tags)) {
        await expectManifest(client(), repository, tag, set.manifests[position])
      }
      for (const manifest of set.manifests) await expectManifest(client(), repository, manifest.digest, manifest)
      await expectReferrers(client(), repository, set)
      await deleteAll(client(), repository, set)
    })

    test('is pushed at once with its tags', async () => {
      const [repository, set] = [freshRepository(), build()]
      await pushBlobs(client(), repository, set)
      const tags = Array.from({ length: 10 }, (__, tag) => `tag-${tag}`)
      for (const manifest of set.manifests) {
        const query = tags.map((tag) => `tag=${tag}`).join('&')
        const answer = await put(client(), repository, `${manifest.digest}?${query}`, manifest)
        expect(answer.headers.get('oci-tag')?.split(', ')).toEqual(tags)
        for (const tag of tags) await expectManifest(client(), repository, tag, manifest)
      }
      await expectTags(client(), repository, tags)
    })
  })

  test.each(Object.keys(dataSets))('%s with other bytes than its digest says', async (name) => {
    const [repository, set] = [freshRepository(), dataSets[name]?.()]
    if (set === undefined) throw new Error(name)
    await pushBlobs(client(), repository, set)
    for (const [position, manifest] of set.manifests.entries()) {
      const altered = { headers: { 'content-type': manifest.mediaType }, body: `${manifest.text} ` }
      const path = `/v2/${repository}/manifests/${manifest.digest}`
      expectError(await client().send('PUT', `${path}?tag=altered`, altered), 400, 'DIGEST_INVALID')
      expect((await client().send('HEAD', path)).status).toBe(404)
      if (position < set.manifests.length - 1) await put(client(), repository, manifest.digest, manifest)
    }
    const tags = await client().send('GET', `/v2/${repository}/tags/list`)
    expect(tags.status === 404 || (jsonOf(tags) as { tags: string[] }).tags.length === 0).toBe(true)
  })
})

async function pushBlobs(client: Client, repository: string, { blobs, algorithm }: DataSet): Promise<void> {
  for (const blob of blobs) await client.pushBlob(repository, blob, algorithm)
}

/** Children first and by digest, then the tags. */
async function push(client: Client, repository: string, set: DataSet): Promise<void> {
  await pushBlobs(client, repository, set)
  for (const manifest of set.manifests) await put(client, repository, manifest.digest, manifest)
  for (const [tag, position] of Object.entries(set.tags)) {
    const manifest = set.manifests[position]
    if (manifest === undefined) throw new Error(`no manifest ${position}`)
    // A tag says nothing of the algorithm: the digest that these bytes have here already is the one to answer with.
    await put(client, repository, tag, manifest)
  }
}

async function put(client: Client, repository: string, reference: string, manifest: PushedManifest): Promise<Answer> {
  const options = { headers: { 'content-type': manifest.mediaType }, body: manifest.text }
  const answer = await client.send('PUT', `/v2/${repository}/manifests/${reference}`, options)
  expect(answer.status).toBe(201)
  expect(locationOf(answer)).toBe(`/v2/${repository}/manifests/${manifest.digest}`)
  expect(answer.headers.get('docker-content-digest')).toBe(manifest.digest)
  expect(answer.headers.get('oci-subject') ?? undefined).toBe(manifest.subject)
  const pulled = await client.send('GET', locationOf(answer))
  expect([pulled.status, pulled.headers.get('content-type')]).toEqual([200, manifest.mediaType])
  expect(digestOf(pulled.bytes)).toBe(digestOf(manifest.text))
  return answer
}

async function expectManifest(
  client: Client,
  repository: string,
  reference: string,
  manifest: PushedManifest | undefined,
): Promise<void> {
  const names = ['content-type', 'content-length', 'docker-content-digest', 'etag', 'cache-control']
  for (const method of ['HEAD', 'GET']) {
    const { status, headers, bytes } = await client.send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept })
    expect([status, ...names.map((name) => headers.get(name))]).toEqual([
      200,
      String(manifest?.mediaType),
      String(Buffer.byteLength(String(manifest?.text))),
      String(manifest?.digest),
      `"${manifest?.digest}"`,
      reference.includes(':') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ])
    if (method === 'GET') expect(digestOf(bytes)).toBe(digestOf(String(manifest?.text)))
  }
}

async function expectTags(client: Client, repository: string, tags: readonly string[]): Promise<void> {
  const sorted = [...tags].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const list = await client.send('GET', `/v2/${repository}/tags/list`)
  expect([list.status, list.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(jsonOf(list)).toEqual({ name: repository, tags: sorted })
  const first = sorted[0]
  if (first === undefined) return
  const rest = await client.send('GET', `/v2/${repository}/tags/list?last=${first}`)
  expect(jsonOf(rest)).toEqual({ name: repository, tags: sorted.slice(1) })
}

async function listReferrers(client: Client, repository: string, subject: string, artifactType?: string): Promise<Descriptor[]> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const answer = await client.send('GET', `/v2/${repository}/referrers/${subject}${query}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, types.index])
  expect(answer.headers.get('oci-filters-applied')).toBe(artifactType === undefined ? null : 'artifactType')
  const { manifests, ...around } = jsonOf(answer) as { manifests: Descriptor[] }
  expect(around).toEqual({ schemaVersion: 2, mediaType: types.index } as never)
  return manifests
}

async function expectReferrers(client: Client, repository: string, { manifests }: DataSet): Promise<void> {
  const inOrder = (list: Descriptor[]) => list.sort((a, b) => a.digest.localeCompare(b.digest))
  for (const subject of new Set(manifests.flatMap((manifest) => [manifest.subject ?? [], manifest.digest].flat()))) {
    const expected = manifests.filter((manifest) => manifest.subject === subject).map(({ asReferrer }) => asReferrer)
    expect(inOrder(await listReferrers(client, repository, subject))).toEqual(inOrder(expected))
    for (const type of new Set([...expected.map(({ artifactType }) => String(artifactType)), 'none/such'])) {
      const ofType = expected.filter(({ artifactType }) => artifactType === type)
      expect(inOrder(await listReferrers(client, repository, subject, type))).toEqual(inOrder(ofType))
    }
  }
}

/** Each deletion shows at once; a tag leaves its manifest, a referrer its subject. */
async function deleteAll(client: Client, repository: string, set: DataSet): Promise<void> {
  const gone = async (path: string): Promise<void> => {
    expect((await client.send('DELETE', path)).status).toBe(202)
    for (const method of ['HEAD', 'GET']) expect((await client.send(method, path)).status).toBe(404)
  }
  for (const [tag, position] of Object.entries(set.tags)) {
    await gone(`/v2/${repository}/manifests/${tag}`)
    await expectManifest(client, repository, String(set.manifests[position]?.digest), set.manifests[position])
  }
  await expectTags(client, repository, [])
  for (const { digest, subject } of set.manifests.toReversed()) {
    await gone(`/v2/${repository}/manifests/${digest}`)
    if (subject === undefined) continue
    const left = await listReferrers(client, repository, subject)
    expect(left.map((descriptor) => descriptor.digest)).not.toContain(digest)
  }
  const blobs = new Set(set.blobs.map((blob) => digestOf(blob, set.algorithm)))
  for (const digest of blobs) await gone(`/v2/${repository}/blobs/${digest}`)
}
