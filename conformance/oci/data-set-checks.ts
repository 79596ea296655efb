import { expect } from 'bun:test'
import { berth, clients, must, NotSupported, type Check, type Group } from '../checks/check.ts'
import { jsonOf, type Client } from './client.ts'
import { types } from './content.ts'
import { createBuilder, dataSets, type DataSet } from './data-sets.ts'
import {
  deleteAll,
  expectManifest,
  expectReferrers,
  expectTags,
  hasReferrers,
  pushAll,
  pushBlobs,
  put,
} from './data-set-steps.ts'
import { expectRefused } from './expect-error.ts'

/** The rows of the official program by the name of the data set, and of what clients push beside them. */
const official: Readonly<Record<string, readonly string[]>> = {
  'an image': [
    'v2/data/image', 'v1/push/manifest-put', 'v1/push/manifest-get', 'v1/management/set-up', 'v1/pull/teardown', 'v1/push/teardown',
  ],
  'an image, uncompressed': ['v2/data/image-uncompressed'],
  'an image without layers': ['v2/data/no-layers', 'v1/push/manifest-empty-layers'],
  'a manifest of 3.9 MB': ['v2/data/large-manifest'],
  'an index': ['v2/data/index'],
  'an index in an index': ['v2/data/nested-index'],
  'an empty index': ['v2/data/empty-index'],
  'an artifact': ['v2/data/artifact'],
  'an artifact without content': ['v2/data/artifact-without-layers'],
  'an index of artifacts': ['v2/data/artifact-index'],
  'an image and what refers to it': [
    'v2/data/artifacts-with-subject', 'v1/discovery/set-up', 'v1/discovery/referrers', 'v1/discovery/referrers-filter',
    'v1/discovery/teardown',
  ],
  'an index and what refers to it': ['v2/data/index-with-subject'],
  'a referrer whose subject is not there': ['v2/data/missing-subject', 'v1/discovery/referrers-missing-subject'],
  'content in a descriptor': ['v2/data/data-field'],
  'layers that are not to be pushed': ['v2/data/non-distributable-layers'],
  'members nobody knows': ['v2/data/custom-fields'],
  'an image, by sha512': ['v2/data/sha512'],
  'an index, by sha512': ['v2/data/sha512'],
  'an artifact, by sha512': ['v2/data/sha512'],
  'an image and what refers to it, by sha512': ['v2/data/sha512'],
}
const ofClients: Readonly<Record<string, readonly string[]>> = {
  'an image with zstd layers': ['quirks/zstd'],
  'a Docker image': [],
  'a Docker image with a foreign layer': ['quirks/foreign-layers'],
  'a Docker manifest list': [],
  'a Docker plugin': ['quirks/plugin-config'],
  'an index of layers, as BuildKit caches': ['quirks/buildkit-cache'],
  'an index with attestations, as BuildKit builds': ['quirks/attestations'],
  'a Helm chart': ['quirks/helm'],
}
const steps = ['push', 'tag-list', 'head', 'pull', 'referrers', 'delete'].map((step) => `v2/step/${step}`)

const idOf = (name: string): string => name.replaceAll(/[ ,]+/g, '-')
const refers = ({ manifests }: DataSet): boolean => manifests.some(({ subject }) => subject !== undefined)

async function live(client: Client, set: DataSet): Promise<void> {
  const repository = client.repository()
  const referrers = await hasReferrers(client, repository)
  await pushAll(client, repository, set, referrers)
  await expectTags(client, repository, Object.keys(set.tags))
  for (const [tag, position] of Object.entries(set.tags)) await expectManifest(client, repository, tag, set.manifests[position])
  for (const manifest of set.manifests) await expectManifest(client, repository, manifest.digest, manifest)
  if (referrers) await expectReferrers(client, repository, set)
  await deleteAll(client, repository, set, referrers)
  if (!referrers && refers(set)) throw new NotSupported('no referrers API: 404')
}

/** Ten tags beside the digest are what the specification of the main branch wants at least. */
async function pushWithTags(client: Client, set: DataSet): Promise<void> {
  const repository = client.repository()
  await pushBlobs(client, repository, set)
  const tags = Array.from({ length: 10 }, (_, tag) => `tag-${tag}`)
  for (const manifest of set.manifests) {
    const query = tags.map((tag) => `tag=${tag}`).join('&')
    const answer = await put(client, repository, `${manifest.digest}?${query}`, manifest, client.holdsTo('berth'))
    const reported = answer.headers.get('oci-tag')
    if (reported === null && !client.holdsTo('berth')) throw new NotSupported('no OCI-Tag')
    expect(reported?.split(/, ?/)).toEqual(tags)
    for (const tag of tags) await expectManifest(client, repository, tag, manifest)
  }
  await expectTags(client, repository, tags)
}

async function pushAltered(client: Client, set: DataSet): Promise<void> {
  const repository = client.repository()
  await pushBlobs(client, repository, set)
  for (const [position, manifest] of set.manifests.entries()) {
    const altered = { headers: { 'content-type': manifest.mediaType }, body: `${manifest.text} ` }
    const path = `/v2/${repository}/manifests/${manifest.digest}`
    expectRefused(client, await client.send('PUT', `${path}?tag=altered`, altered), 400, 'DIGEST_INVALID')
    expect((await client.send('HEAD', path)).status).toBe(404)
    if (position < set.manifests.length - 1) await put(client, repository, manifest.digest, manifest, client.holdsTo('berth'))
  }
  const tags = await client.send('GET', `/v2/${repository}/tags/list`)
  expect(tags.status === 404 || ((jsonOf(tags) as { tags: string[] | null }).tags ?? []).length === 0).toBe(true)
}

const tagRows: Readonly<Record<string, string>> = {
  'an image': 'v2/data/tag-param-sha256',
  'an image, by sha512': 'v2/data/tag-param-sha512',
}

function checksOf(name: string, build: () => DataSet): Check[] {
  const asked = name in official ? must : name in ofClients ? clients : berth
  const rows = official[name] ?? ofClients[name] ?? []
  const tagRow = tagRows[name]
  return [
    asked(idOf(name), `${name} is pushed, listed, pulled and deleted`, name in official ? [...rows, ...steps] : rows, (client) =>
      live(client, build()),
    ),
    (tagRow === undefined ? berth : must)(
      `${idOf(name)}-with-tags`,
      `${name} is pushed at once with its tags`,
      tagRow === undefined ? [] : [tagRow],
      (client) => pushWithTags(client, build()),
    ),
    asked(
      `${idOf(name)}-altered`,
      `${name} with other bytes than its digest says is 400 and stores nothing`,
      name === 'an image' ? ['v2/data/bad-digest-image'] : [],
      (client) => pushAltered(client, build()),
    ),
  ]
}

const sparse = must('sparse', 'an index of what was never pushed is taken, where that is set', ['v2/data/sparse'], async (client) => {
  const repository = client.repository()
  const builder = createBuilder()
  builder.manifest({ manifests: [builder.unpushed(types.manifest)], annotations: { salt: crypto.randomUUID() } }, types.index)
  const [manifest] = builder.set.manifests
  if (manifest === undefined) throw new Error('no manifest')
  const headers = { 'content-type': manifest.mediaType }
  const refused = await client.send('PUT', `/v2/${repository}/manifests/${manifest.digest}`, { headers, body: manifest.text })
  if (refused.status === 400 || refused.status === 404) throw new NotSupported(`${refused.status}`)
  await put(client, repository, 'sparse', manifest, false)
  await expectManifest(client, repository, manifest.digest, manifest)
})

export const dataSetChecks: Group = {
  id: 'data-sets',
  name: { en: 'Images, indexes and artifacts', 'zh-CN': '镜像、索引与制品' },
  section: 'distribution-spec: Pushing manifests; image-spec',
  checks: [...Object.entries(dataSets).flatMap(([name, build]) => checksOf(name, build)), sparse],
}
