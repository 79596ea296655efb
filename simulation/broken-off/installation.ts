import { createClient, expectStatus } from '../rig/client.ts'
import { bytesOf, createContent, type Content } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { untilRecorded } from '../recovery/command.ts'

/** A data directory, and what tells a server or a command of its database. */
export interface Installation {
  readonly data: string
  readonly settings: Readonly<Record<string, string>>
}

const repository = 'team/app'

function imageOf(tag: string): { readonly layers: readonly Content[]; readonly config: Content } {
  const layers = [0, 1, 2].map((n) => createContent(`${tag}, layer ${n}`, 100_000))
  return { config: createContent(`${tag}, config`, 500), layers }
}

/** Pushes an image and waits until a recovery segment has it. */
export async function pushRecorded(installation: Installation, tag: string): Promise<void> {
  await withServer(installation, async ({ url }) => {
    const client = createClient(url)
    const { layers, config } = imageOf(tag)
    for (const content of [config, ...layers]) {
      expectStatus(await client.send('POST', `/v2/${repository}/blobs/uploads/?digest=${content.digest}`, { body: bytesOf(content) }), 201)
    }
    const { bytes, mediaType } = createManifest(tag, config, layers)
    expectStatus(await client.send('PUT', `/v2/${repository}/manifests/${tag}`, { body: bytes, headers: { 'content-type': mediaType } }), 201)
    await untilRecorded(installation.data, `"${tag}"`)
  })
}

/** The tags that are there, each with all of its image. Fails when a part of one is missing, or the server does not start. */
export async function wholeTags(installation: Installation, tags: readonly string[]): Promise<string[]> {
  return await withServer(installation, async ({ url }) => {
    const client = createClient(url)
    const present: string[] = []
    for (const tag of tags) {
      const { layers, config } = imageOf(tag)
      const { digest } = createManifest(tag, config, layers)
      const found = await look(client, { kind: 'tag', repository, tag, digest })
      if (found === 'absent') continue
      for (const part of [config, ...layers]) {
        const item: Item = { kind: 'blob', repository, digest: part.digest }
        if ((await look(client, item)) === 'absent') throw new Error(`${pathOf(item)} of ${tag} is missing`)
      }
      present.push(tag)
    }
    return present
  })
}

/** What a server says that does not start; undefined when it starts. */
export async function refusalOf(installation: Installation): Promise<string | undefined> {
  try {
    await withServer(installation, () => Promise.resolve())
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function withServer<T>(installation: Installation, work: (server: ServerProcess) => Promise<T>): Promise<T> {
  const server = await startServer(installation)
  try {
    const result = await work(server)
    await server.stop()
    return result
  } finally {
    if (server.running) await server.kill()
  }
}
