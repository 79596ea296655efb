import { digestBytes, mediaTypes } from '../../src/oci/index.ts'
import { Violation } from '../rig/client.ts'
import type { Api, Image } from './api.ts'
import { isUnknown } from './blob-pusher.ts'
import { Refused } from './network.ts'
import { settings } from './server.ts'
import { createClient, isPassing, type Client, type Pushed, type Workload } from './workload.ts'

type Work = (workload: Workload, client: Client) => Promise<void>

/** Does `work` until it is over. What is not there, or could not be done now, is no matter: the ledger judges. */
export async function again(workload: Workload, name: string, work: Work): Promise<void> {
  const client = createClient(workload, name)
  while (!workload.over()) {
    await client.pause(client.random.chance(0.3) ? 'long' : 'short')
    try {
      await work(workload, client)
    } catch (error) {
      if (!isUnknown(error) && !isPassing(error)) throw error
    }
    await workload.scheduler.turn(workload.outside, `${name} is done`)
  }
}

export const deleteThings = (workload: Workload, name: string): Promise<void> => again(workload, name, deleteOne)
export const indexImages = (workload: Workload, name: string): Promise<void> => again(workload, name, putIndex)
export const readImages = (workload: Workload, name: string): Promise<void> => again(workload, name, readOne)

async function deleteOne({ pushed, awaited, watched, purged }: Workload, { api, random }: Client): Promise<void> {
  const seen = random.chance(0.8) ? watched.at(-1) : undefined
  if (seen !== undefined) {
    remove(watched, seen)
    await purge(api, seen)
    return void purged.push(seen)
  }
  const chosen = awaited.length > 0 && random.chance(0.6) ? random.pick(awaited) : pushed[random.below(pushed.length)]
  if (chosen === undefined) return
  const { repository, image } = chosen
  if (random.chance(0.15)) return await api.deleteBlob(repository, random.pick(image.children))
  await api.deleteManifest(repository, image.digest)
  if (random.chance(0.5)) await api.getManifest(repository, image.digest)
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index !== -1) list.splice(index, 1)
}

/** The image and its layers, as cleaning scripts do: the collector may take them at once. */
async function purge(api: Api, { repository, image }: Pushed): Promise<void> {
  const orUnknown = (error: unknown): void => {
    if (!isUnknown(error)) throw error
  }
  await api.deleteManifest(repository, image.digest).catch(orUnknown)
  for (const digest of image.children) await api.deleteBlob(repository, digest).catch(orUnknown)
}

async function putIndex({ pushed, awaited }: Workload, client: Client): Promise<void> {
  const { api, random } = client
  const first = pushed[random.below(pushed.length)]
  if (first === undefined) return
  const beside = pushed.filter(({ repository }) => repository === first.repository)
  const chosen = [...new Set([first, random.pick(beside)])]
  for (const { repository, image } of chosen) await api.headManifest(repository, image.digest)
  awaited.push(...chosen)
  try {
    await client.pause(random.chance(0.25) ? 'long' : 'short')
    await api.putManifest(first.repository, indexOf(chosen), undefined)
  } catch (error) {
    // Deleted meanwhile: whether that is so the ledger knows.
    if (!(error instanceof Refused) || error.missing.length === 0) throw error
  } finally {
    for (const each of chosen) remove(awaited, each)
  }
}

function indexOf(images: readonly Pushed[]): Image {
  const manifests = images.map(({ image }) => ({ mediaType: image.mediaType, digest: image.digest, size: image.bytes.length }))
  const mediaType = mediaTypes.ociIndex
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
  return { mediaType, bytes, digest: digestBytes(bytes, 'sha256'), children: images.map(({ image }) => image.digest) }
}

async function readOne(workload: Workload, { api, random }: Client): Promise<void> {
  const { pushed, watched, scheduler, outside } = workload
  const chosen = pushed[random.below(pushed.length)]
  if (chosen === undefined) return
  const { repository, image } = chosen
  if (random.chance(0.5)) expectBytes(image.digest, await api.getManifest(repository, image.digest))
  const digest = random.chance(0.7) ? image.children[0] : random.pick(image.children)
  if (digest === undefined) return
  // A reader that is held up about as long as the drain, or longer, between the row and the file.
  const stalls = random.chance(0.8) ? settings.drain * random.pick([0.9, 2, 4, 8, 12]) : 0
  const stall = async (): Promise<void> => {
    if (stalls === 0) return
    watched.push(chosen)
    await scheduler.sleep(outside, stalls)
    remove(watched, chosen)
  }
  expectBytes(digest, await api.getBlob(repository, digest, stall))
}

export function expectBytes(digest: string, bytes: Uint8Array): void {
  const actual = digestBytes(bytes, 'sha256')
  if (actual !== digest) throw new Violation(`${bytes.length} bytes of ${actual} were served as ${digest}`)
}
