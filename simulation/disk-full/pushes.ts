import { expectStatus, Violation, type Client } from '../rig/client.ts'
import { type Content, createContent } from '../rig/content.ts'
import { createManifest, type Manifest } from '../rig/image.ts'
import { createSession, type Item, type Session } from '../rig/ledger.ts'
import { pushBlob, rangeEnd, type PushWay } from '../rig/push-blob.ts'
import type { Random } from '../rig/random.ts'
import { watchSession } from '../rig/watch-session.ts'
import type { Disk } from './disk.ts'

export interface Image {
  readonly manifest: Extract<Item, { kind: 'manifest' }>
  readonly tag: Extract<Item, { kind: 'tag' }>
  readonly blobs: readonly Item[]
}

/** An image of one layer. Fails with Refused when any step is. */
export async function pushImage(disk: Disk, random: Random, name: string, size: number): Promise<Image> {
  const repository = 'disk/app'
  const layer = createContent(`layer ${name}`, size)
  const config = createContent(`config ${name}`, 500)
  await push(disk, repository, layer, random.pick(['single', 'put', 'stream', 'chunks']))
  await push(disk, repository, config, 'single')
  return await putImage(disk, repository, `t-${name}`, createManifest(name, config, [layer]), [layer, config])
}

/** Fails with Refused; what the session has then must be what was acknowledged. */
export async function push(disk: Disk, repository: string, content: Content, way: PushWay): Promise<void> {
  const { client, ledger, figures } = disk
  const item: Item = { kind: 'blob', repository, digest: content.digest }
  ledger.attempt(item)
  const session = createSession(repository, content)
  try {
    await pushBlob(client, { repository, content, way, pieces: 2, watch: watchSession(ledger, session) })
  } catch (error) {
    if (ledger.sessions.delete(session)) await expectOffset(client, session)
    throw error
  }
  figures.acknowledged++
  if (way !== 'leave' && !disk.collects) ledger.keep(item)
}

/** A refused request leaves a session as it was. */
async function expectOffset(client: Client, { location, acknowledged }: Session): Promise<void> {
  const offset = rangeEnd(expectStatus(await client.send('GET', location), 204))
  if (offset === acknowledged) return
  throw new Violation(`${location} has ${offset} bytes, not the ${acknowledged} that were acknowledged`)
}

export async function putImage(
  disk: Disk,
  repository: string,
  tag: string,
  manifest: Manifest,
  contents: readonly Content[],
): Promise<Image> {
  const { digest, bytes, mediaType } = manifest
  const image: Image = {
    manifest: { kind: 'manifest', repository, digest },
    tag: { kind: 'tag', repository, tag, digest },
    blobs: contents.map((content) => ({ kind: 'blob', repository, digest: content.digest })),
  }
  const items = [image.manifest, image.tag, ...image.blobs]
  for (const item of items) disk.ledger.attempt(item)
  const headers = { 'content-type': mediaType }
  expectStatus(await disk.client.send('PUT', `/v2/${repository}/manifests/${tag}`, { body: bytes, headers }), 201)
  for (const item of items) disk.ledger.keep(item)
  disk.figures.acknowledged++
  return image
}
