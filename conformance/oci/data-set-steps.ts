import { expect } from 'bun:test'
import { NotSupported } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { expectDigest } from './blob-life.ts'
import type { Answer } from './answer.ts'
import { jsonOf, locationOf, type Client } from './client.ts'
import { types } from './content.ts'
import type { DataSet, Descriptor, PushedManifest } from './data-sets.ts'
import { expectCaching } from './expect-caching.ts'

/** As the official program asks: nothing but the OCI types. A Docker manifest has a right to a client that knows it. */
const accept = { accept: [types.index, types.manifest, types.dockerManifest, types.dockerList].join(', ') }

/** Whether the registry has the referrers API: `404` says that it does not, and clients keep lists under tags then. */
export async function hasReferrers(client: Client, repository: string): Promise<boolean> {
  const { status } = await client.send('GET', `/v2/${repository}/referrers/sha256:${'0'.repeat(64)}`)
  return status !== 404 || client.holdsTo('berth')
}

export async function pushBlobs(client: Client, repository: string, { blobs, algorithm }: DataSet): Promise<void> {
  for (const blob of blobs) await client.pushBlob(repository, blob, algorithm)
}

/** Children first and by digest, then the tags. */
export async function pushAll(client: Client, repository: string, set: DataSet, referrers: boolean): Promise<void> {
  await pushBlobs(client, repository, set)
  for (const manifest of set.manifests) await put(client, repository, manifest.digest, manifest, referrers)
  for (const [tag, position] of Object.entries(set.tags)) {
    const manifest = set.manifests[position]
    if (manifest === undefined) throw new Error(`no manifest ${position}`)
    // A tag says nothing of the algorithm: the digest that these bytes have here already is the one to answer with.
    await put(client, repository, tag, manifest, referrers)
  }
}

export async function put(
  client: Client,
  repository: string,
  reference: string,
  manifest: PushedManifest,
  referrers: boolean,
): Promise<Answer> {
  const options = { headers: { 'content-type': manifest.mediaType }, body: manifest.text }
  const answer = await client.send('PUT', `/v2/${repository}/manifests/${reference}`, options)
  expect(answer.status).toBe(201)
  expectDigest(client, answer, manifest.digest)
  if (referrers) expect(answer.headers.get('oci-subject') ?? undefined).toBe(manifest.subject)
  if (client.holdsTo('berth')) expect(locationOf(answer)).toBe(`/v2/${repository}/manifests/${manifest.digest}`)
  const pulled = await client.send('GET', locationOf(answer), { headers: accept })
  expect([pulled.status, pulled.headers.get('content-type')]).toEqual([200, manifest.mediaType])
  expect(digestOf(pulled.bytes)).toBe(digestOf(manifest.text))
  return answer
}

export async function expectManifest(
  client: Client,
  repository: string,
  reference: string,
  manifest: PushedManifest | undefined,
): Promise<void> {
  for (const method of ['HEAD', 'GET']) {
    const answer = await client.send(method, `/v2/${repository}/manifests/${reference}`, { headers: accept })
    const { status, headers, bytes } = answer
    expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([
      200,
      String(manifest?.mediaType),
      String(Buffer.byteLength(String(manifest?.text))),
    ])
    expectDigest(client, answer, String(manifest?.digest))
    if (method === 'GET') expect(digestOf(bytes)).toBe(digestOf(String(manifest?.text)))
    if (!client.holdsTo('berth')) continue
    const caching = reference.includes(':') ? 'public, max-age=31536000, s-maxage=3600, immutable' : 'no-cache'
    expect(headers.get('etag')).toBe(`"${manifest?.digest}"`)
    expectCaching(client, answer, caching)
  }
}

export async function expectTags(client: Client, repository: string, tags: readonly string[]): Promise<void> {
  const sorted = [...tags].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const list = await client.send('GET', `/v2/${repository}/tags/list`)
  if (client.holdsTo('berth')) {
    expect([list.status, list.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(jsonOf(list)).toEqual({ name: repository, tags: sorted })
  } else if (tags.length > 0 || list.status !== 404) {
    expect(list.status).toBe(200)
    expect((jsonOf(list) as { tags: string[] | null }).tags ?? []).toEqual(expect.arrayContaining(sorted))
  }
  const first = sorted[0]
  // What other registries do about last is seen once, with the lists.
  if (first === undefined || !client.holdsTo('berth')) return
  const rest = await client.send('GET', `/v2/${repository}/tags/list?last=${first}`)
  expect((jsonOf(rest) as { tags: string[] }).tags).toEqual(sorted.slice(1))
}

export async function listReferrers(
  client: Client,
  repository: string,
  subject: string,
  artifactType?: string,
): Promise<Descriptor[]> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const answer = await client.send('GET', `/v2/${repository}/referrers/${subject}${query}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, types.index])
  const applied = answer.headers.get('oci-filters-applied')
  if (artifactType !== undefined && applied === null && !client.holdsTo('berth')) {
    throw new NotSupported('no filter by artifactType')
  }
  if (artifactType !== undefined) expect(applied).toBe('artifactType')
  else if (client.holdsTo('berth')) expect(applied).toBeNull()
  const { manifests, ...around } = jsonOf(answer) as { manifests: Descriptor[] }
  const head = { schemaVersion: 2, mediaType: types.index }
  if (client.holdsTo('berth')) expect(around).toEqual(head as never)
  else expect(around).toMatchObject(head)
  return manifests
}

/** Of a registry that is not Berth more than is asked for may stand in a descriptor. */
export async function expectReferrers(client: Client, repository: string, { manifests }: DataSet): Promise<void> {
  const inOrder = (list: Descriptor[]) => list.sort((a, b) => a.digest.localeCompare(b.digest))
  const expectSame = (found: Descriptor[], wanted: Descriptor[]) => {
    if (client.holdsTo('berth')) expect(inOrder(found)).toEqual(inOrder(wanted))
    else expect(inOrder(found)).toMatchObject(inOrder(wanted.map(withoutEmptyAnnotations)) as never)
    expect(found.length).toBe(wanted.length)
  }
  for (const subject of new Set(manifests.flatMap((manifest) => [manifest.subject ?? [], manifest.digest].flat()))) {
    const wanted = manifests.filter((manifest) => manifest.subject === subject).map(({ asReferrer }) => asReferrer)
    expectSame(await listReferrers(client, repository, subject), wanted)
    for (const type of new Set([...wanted.map(({ artifactType }) => String(artifactType)), 'none/such'])) {
      const ofType = wanted.filter(({ artifactType }) => artifactType === type)
      expectSame(await listReferrers(client, repository, subject, type), ofType)
    }
  }
}

function withoutEmptyAnnotations({ annotations, ...rest }: Descriptor): Descriptor {
  return Object.keys((annotations ?? {}) as object).length === 0 ? rest : { ...rest, annotations }
}

/** Each deletion shows at once; a tag leaves its manifest, a referrer its subject. */
export async function deleteAll(client: Client, repository: string, set: DataSet, referrers: boolean): Promise<void> {
  for (const [tag, position] of Object.entries(set.tags)) {
    if (!(await expectGone(client, `/v2/${repository}/manifests/${tag}`))) continue
    await expectManifest(client, repository, String(set.manifests[position]?.digest), set.manifests[position])
  }
  if (client.holdsTo('berth')) await expectTags(client, repository, [])
  for (const { digest, subject } of set.manifests.toReversed()) {
    if (!(await expectGone(client, `/v2/${repository}/manifests/${digest}`))) continue
    if (subject === undefined || !referrers) continue
    const left = await listReferrers(client, repository, subject)
    expect(left.map((descriptor) => descriptor.digest)).not.toContain(digest)
  }
  const blobs = new Set(set.blobs.map((blob) => digestOf(blob, set.algorithm)))
  for (const digest of blobs) await expectGone(client, `/v2/${repository}/blobs/${digest}`)
}

/** A registry may keep what it was given: 405, or 400, says so. What it says it has deleted is gone. */
async function expectGone(client: Client, path: string): Promise<boolean> {
  const { status } = await client.send('DELETE', path)
  if ((status === 405 || status === 400) && !client.holdsTo('berth')) return false
  if (client.holdsTo('berth')) expect(status).toBe(202)
  else expect([202, 404]).toContain(status)
  for (const method of ['HEAD', 'GET']) expect((await client.send(method, path)).status).toBe(404)
  return true
}
