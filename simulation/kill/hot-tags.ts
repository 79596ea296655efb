import { digestBytes } from '../../src/oci/index.ts'
import { expectStatus, type Client } from '../rig/client.ts'
import { createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Item } from '../rig/ledger.ts'
import { type Load, unlessRefused } from './load.ts'
import { createTagHistory, type TagHistory } from './tag-history.ts'

/** Tags that several writers overwrite without a pause. */
export const hotRepository = 'hot/app'
export const hotConfig = createContent('hot config', 500)

export function createHotTags(): ReadonlyMap<string, TagHistory> {
  return new Map(['latest', 'stable', 'edge', '1.4'].map((tag) => [tag, createTagHistory()]))
}

/** One overwrite. `name` is in the manifest: no two are alike. */
export async function overwrite(load: Load, tag: string, history: TagHistory, name: string): Promise<void> {
  const { client, ledger, figures, keepsUntagged } = load
  const manifest = createManifest(name, hotConfig, [])
  const item: Item = { kind: 'manifest', repository: hotRepository, digest: manifest.digest }
  if (keepsUntagged) ledger.attempt(item)
  const acknowledged = history.write(manifest.digest, performance.now())
  const headers = { 'content-type': manifest.mediaType }
  expectStatus(await client.send('PUT', `/v2/${hotRepository}/manifests/${tag}`, { body: manifest.bytes, headers }), 201)
  acknowledged(performance.now())
  if (keepsUntagged) ledger.keep(item)
  figures.hotWrites++
}

/** One read; nothing but a 200 will do, since these tags always exist. */
export async function readHot(client: Client, tag: string, history: TagHistory): Promise<string> {
  const start = performance.now()
  const answer = expectStatus(await client.send('GET', `/v2/${hotRepository}/manifests/${tag}`), 200)
  const digest = digestBytes(answer.bytes, 'sha256')
  history.read(digest, start, performance.now())
  return digest
}

export async function overwriteOn(load: Load, tag: string, history: TagHistory, writer: string): Promise<void> {
  for (let n = 0; !load.over(); n++) {
    await unlessRefused(load, () => overwrite(load, tag, history, `${load.seed}/${load.kill}/${tag}/${writer}/${n}`))
  }
}

/** Reads all of them in turn; the pauses leave the machine to the writers. */
export async function readOn(load: Load): Promise<void> {
  const { client, figures, hot } = load
  while (!load.over()) {
    for (const [tag, history] of hot) {
      if ((await unlessRefused(load, () => readHot(client, tag, history))) !== undefined) figures.hotReads++
      await Bun.sleep(2)
    }
  }
}
