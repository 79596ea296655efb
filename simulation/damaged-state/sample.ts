import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient, expectStatus } from '../rig/client.ts'
import { type Content, createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import { createLedger, createSession, type Item } from '../rig/ledger.ts'
import { pushBlob } from '../rig/push-blob.ts'
import { startServer } from '../rig/server-process.ts'
import { watchSession } from '../rig/watch-session.ts'

/** A registry's data directory, and what was promised of it. Made once, copied for each case. */
export interface Sample {
  /** In its data directory are berth.db without a log, and everything in `old` but nothing else. */
  readonly stopped: string
  /** The same after more was pushed and the server was killed: `recent` is in the log. */
  readonly killed: string
  /** Another registry. */
  readonly other: string
  readonly old: readonly Item[]
  readonly recent: readonly Item[]
  /** A blob that no manifest refers to: the collector takes it at the first start. */
  readonly garbage: Content
  dispose(): Promise<void>
}

export const repository = 'sample/app'
/** What is pushed without a manifest is due at once, and no server that makes a sample collects it. */
const settings = { BERTH_GC_LEASE: '1s', BERTH_GC_DRAIN: '0s', BERTH_GC_INTERVAL: '1d' }

export async function createSample(): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-damaged-'))
  const [stopped, killed, other] = ['stopped', 'killed', 'other'].map((name) => join(folder, name)) as [string, string, string]
  const garbage = createContent('garbage', 50_000)
  const first = await startServer({ data: stopped, settings })
  const old = await pushImages(createClient(first.url), 'old')
  await push(createClient(first.url), garbage)
  await leaveSession(createClient(first.url))
  await first.stop()
  await cp(stopped, killed, { recursive: true })
  const second = await startServer({ data: killed, settings })
  const recent = await pushImages(createClient(second.url), 'recent')
  await second.kill()
  const third = await startServer({ data: other, settings })
  await pushImages(createClient(third.url), 'other')
  await third.stop()
  return { stopped, killed, other, old, recent, garbage, dispose: () => rm(folder, { recursive: true }) }
}

/** Images with a layer that is a row or an object, by tag. */
async function pushImages(client: Client, name: string): Promise<Item[]> {
  const items: Item[] = []
  for (let n = 0; n < 6; n++) {
    const layer = createContent(`layer ${name} ${n}`, n % 2 === 0 ? 3_000 : 60_000)
    const config = createContent(`config ${name} ${n}`, 500)
    for (const content of [layer, config]) {
      await push(client, content)
      items.push({ kind: 'blob', repository, digest: content.digest })
    }
    const { digest, bytes, mediaType } = createManifest(`${name} ${n}`, config, [layer])
    const tag = `${name}-${n}`
    const headers = { 'content-type': mediaType }
    expectStatus(await client.send('PUT', `/v2/${repository}/manifests/${tag}`, { body: bytes, headers }), 201)
    items.push({ kind: 'manifest', repository, digest }, { kind: 'tag', repository, tag, digest })
  }
  return items
}

async function push(client: Client, content: Content, way: 'single' | 'leave' = 'single'): Promise<void> {
  const watch = watchSession(createLedger(), createSession(repository, content))
  await pushBlob(client, { repository, content, way, pieces: 1, watch })
}

async function leaveSession(client: Client): Promise<void> {
  await push(client, createContent('open', 200_000), 'leave')
}
