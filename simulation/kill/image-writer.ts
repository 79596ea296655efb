import { expectStatus } from '../rig/client.ts'
import { type Content, createContent } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'
import { createSession, type Item } from '../rig/ledger.ts'
import { pushBlob, pushWays, type PushWay } from '../rig/push-blob.ts'
import type { Random } from '../rig/random.ts'
import { watchSession } from '../rig/watch-session.ts'
import { type BaseLayers, choicesOf, type Load, unlessRefused } from './load.ts'

/** Pushes image after image until it is over, or an answer is lost. */
export async function writeImages(load: Load, base: BaseLayers, writer: string): Promise<void> {
  const random = choicesOf(load, writer)
  const images: Image[] = []
  for (let n = 0; !load.over(); n++) {
    const name = `${load.seed}-${load.kill}-${writer}-${n}`
    const image = await unlessRefused(load, () => writeImage(load, base, random, repositoryOf(load, random, writer), name))
    if (image !== undefined) images.push(image)
    const [victim] = random.chance(0.1) ? images.splice(random.below(images.length), 1) : []
    if (victim !== undefined) await unlessRefused(load, () => deleteImage(load, random, victim))
  }
}

interface Image {
  readonly manifest: Extract<Item, { kind: 'manifest' }>
  readonly tag: Extract<Item, { kind: 'tag' }> | undefined
}

/** Mostly the writer's own; also one that all push to, and ones that several try to create at once. */
function repositoryOf({ kill }: Load, random: Random, writer: string): string {
  if (random.chance(0.1)) return 'shared/app'
  return random.chance(0.1) ? `new-${kill}/app-${random.below(2)}` : `team/${writer}`
}

async function writeImage(load: Load, base: BaseLayers, random: Random, repository: string, name: string): Promise<Image> {
  const layers: Content[] = []
  for (let count = random.between(1, 3); layers.length < count; ) {
    const layer = random.chance(0.25)
      ? await mountLayer(load, base, random, repository)
      : await pushLayer(load, random, repository, `${name} ${layers.length}`)
    if (layer !== undefined) layers.push(layer)
  }
  const config = createContent(`config ${name}`, random.between(200, 2000))
  await pushContent(load, random, repository, config, random.pick(['single', 'put']))
  const tag = random.chance(0.8) ? `t-${name}` : undefined
  return await putManifest(load, repository, createManifest(name, config, layers), tag)
}

async function mountLayer(load: Load, base: BaseLayers, random: Random, repository: string): Promise<Content> {
  const { client, ledger, figures } = load
  const layer = random.pick(base.layers)
  const item: Item = { kind: 'blob', repository, digest: layer.digest }
  ledger.attempt(item)
  const from = encodeURIComponent(base.repository)
  expectStatus(await client.send('POST', `/v2/${repository}/blobs/uploads/?mount=${layer.digest}&from=${from}`), 201)
  ledger.keep(item)
  figures.mounts++
  return layer
}

/** Absent when the session was left open. */
async function pushLayer(load: Load, random: Random, repository: string, name: string): Promise<Content | undefined> {
  const layer = random.chance(0.85) ? createContent(`layer ${name}`, sizeOf(random)) : popularLayer(load, random)
  const way = random.pick(pushWays)
  await pushContent(load, random, repository, layer, way)
  return way === 'leave' ? undefined : layer
}

/** Rows, objects, and now and then a large object. */
function sizeOf(random: Random): number {
  if (random.chance(0.35)) return random.between(200, 32 * 1024)
  return random.chance(0.85) ? random.between(32 * 1024 + 1, 160 * 1024) : random.between(160 * 1024, 1024 * 1024)
}

/** One of a few that several writers push at the same time. */
function popularLayer({ seed, kill }: Load, random: Random): Content {
  const size = random.pick([1000, 40_000, 100_000])
  return createContent(`popular ${seed} ${kill} ${size}`, size)
}

export async function pushContent(load: Load, random: Random, repository: string, content: Content, way: PushWay): Promise<void> {
  const { client, ledger, figures } = load
  const item: Item = { kind: 'blob', repository, digest: content.digest }
  if (way !== 'leave') ledger.attempt(item)
  const watch = watchSession(ledger, createSession(repository, content))
  await pushBlob(client, { repository, content, way, pieces: random.between(1, 3), watch })
  if (way === 'leave') return
  ledger.keep(item)
  figures.blobs++
}

export async function putManifest(load: Load, repository: string, manifest: Manifest, name: string | undefined): Promise<Image> {
  const { client, ledger, figures } = load
  const { digest, mediaType, bytes } = manifest
  const image: Image = {
    manifest: { kind: 'manifest', repository, digest },
    tag: name === undefined ? undefined : { kind: 'tag', repository, tag: name, digest },
  }
  for (const item of itemsOf(image)) ledger.attempt(item)
  const headers = { 'content-type': mediaType }
  expectStatus(await client.send('PUT', `/v2/${repository}/manifests/${name ?? digest}`, { body: bytes, headers }), 201)
  for (const item of itemsOf(image)) ledger.keep(item)
  figures.manifests++
  return image
}

function itemsOf({ manifest, tag }: Image): Item[] {
  return tag === undefined ? [manifest] : [manifest, tag]
}

/** The tag alone, or the manifest with its tag. */
async function deleteImage({ client, ledger, figures }: Load, random: Random, image: Image): Promise<void> {
  const { manifest, tag } = image
  const [items, reference] = tag !== undefined && random.chance(0.5) ? [[tag], tag.tag] : [itemsOf(image), manifest.digest]
  for (const item of items) ledger.doubt(item)
  expectStatus(await client.send('DELETE', `/v2/${manifest.repository}/manifests/${reference}`), 202)
  for (const item of items) ledger.forget(item)
  figures.deletes++
}
