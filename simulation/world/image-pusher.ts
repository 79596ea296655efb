import type { Digest } from '../../src/oci/index.ts'
import { createContent, type Content } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import { ensureBlob } from './blob-pusher.ts'
import { Refused } from './network.ts'
import { createClient, ofDigest, type Client, type Pushed, type Workload } from './workload.ts'

/** Pushes one image after another; layers are mostly those that others push as well. */
export async function pushImages(workload: Workload, name: string): Promise<void> {
  const client = createClient(workload, name)
  for (let number = 0; !workload.over(); number++) await pushImage(workload, client, number)
}

async function pushImage(workload: Workload, client: Client, number: number): Promise<void> {
  const { random, api } = client
  const old = workload.purged.pop() ?? (random.chance(0.25) ? workload.pushed[random.below(workload.pushed.length)] : undefined)
  const { repository, image, contents } = old ?? newImage(workload, client, number)
  const tag = random.chance(0.4) ? `${client.name}-${number % 3}` : undefined
  for (const content of contents) await ensureBlob(workload, client, repository, content)
  await client.pause(random.chance(0.5) ? 'long' : 'short')
  await client.persist(`put image ${number}`, async () => {
    await orPushMissing(workload, client, repository, contents, () => api.putManifest(repository, image, tag))
  })
  if (old === undefined) workload.pushed.push({ repository, image, contents })
  await client.pause('short')
}

function newImage(workload: Workload, client: Client, number: number): Pushed {
  const contents = contentsOf(workload, client, number)
  const [config, ...layers] = contents as [Content, ...Content[]]
  const manifest = createManifest(`${client.name} ${number}`, config, layers)
  const image = { ...manifest, children: contents.map(({ digest }) => digest) }
  return { repository: client.random.pick(workload.repositories), image, contents }
}

function contentsOf({ seed, layers, scheduler }: Workload, { name, random }: Client, number: number): Content[] {
  // Clients that begin an image at the same time have its newest layer in common.
  const meeting = Math.floor(scheduler.now / 1_200_000)
  const newest = createContent(`new ${seed} ${meeting}`, random.pick([2_000, 36_000]))
  const own = createContent(`own ${seed} ${name} ${number}`, random.pick([500, 34_000]))
  const chosen = [random.chance(0.4) ? own : newest, random.pick(layers), random.pick(layers)]
  return [...new Map(chosen.slice(0, random.between(2, 3)).map((content) => [content.digest, content])).values()]
}

/** A manifest that names what is not there any more is put again when that was pushed. */
export async function orPushMissing(
  workload: Workload,
  client: Client,
  repository: string,
  contents: readonly Content[],
  put: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    try {
      await put()
      return
    } catch (error) {
      if (!(error instanceof Refused) || error.missing.length === 0) throw error
      for (const digest of error.missing) {
        const content = ofDigest(contents, digest as Digest)
        if (content === undefined) throw error
        await ensureBlob(workload, client, repository, content)
      }
    }
  }
}
