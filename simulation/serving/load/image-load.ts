import { artifactOf, contentOf, type Content, emptyConfig, manifestType, uploadTarget } from '../../../bench/load/index.ts'
import { createRandom } from '../../rig/random.ts'
import { LoadClient, type Phase, type PhaseFigures, PhaseOver, Tally } from './load-client.ts'

/** What pulls need of an image that was pushed. */
interface Pushed {
  readonly tag: string
  readonly manifest: string
  readonly layer: string
}

/** Images that clients share: whoever pulls takes one that somebody's push was acknowledged for. */
export interface Shelf {
  readonly seed: number
  readonly repository: string
  readonly images: Pushed[]
  number: number
}

const shelfSize = 5000
/** Bytes of a layer; every one of them has other bytes. */
const layerSizes = [1000, 1000, 4000, 4000, 20_000, 100_000]
const noise = makeNoise()

export async function createShelf(port: number, seed: number): Promise<Shelf> {
  const shelf = { seed, repository: 'load/images', images: [], number: 0 }
  const client = await LoadClient.open(port)
  const phase = { tally: new Tally(), over: () => false }
  await putBlob(client, phase, shelf, emptyConfig)
  for (let image = 0; image < 20; image++) await pushImage(client, phase, shelf)
  client.close()
  return shelf
}

/** What a client does again and again. */
export type Work = (client: LoadClient, phase: Phase) => Promise<void>

/** Pulls as often as said, a part of 1, and pushes else. */
export function imageWork(shelf: Shelf, pulls: number): Work {
  const random = createRandom('load', shelf.seed, shelf.number)
  return async (client, phase) => {
    if (random.chance(pulls)) {
      const index = random.below(shelf.images.length)
      await pullPart(client, phase, shelf, index, 'manifest')
      await pullPart(client, phase, shelf, index, 'layer')
    } else await pushImage(client, phase, shelf)
    phase.tally.images++
  }
}

/** A part of one of the images: its manifest by the tag, or its layer. */
export async function pullPart(client: LoadClient, phase: Phase, shelf: Shelf, index: number, part: 'manifest' | 'layer'): Promise<void> {
  const image = shelf.images[index]
  if (image === undefined) throw new Error('there is no such image')
  const { tag, manifest, layer } = image
  const base = `/v2/${shelf.repository}`
  if (part === 'manifest') await client.pull(phase, 'get manifest', `${base}/manifests/${tag}`, manifest, manifestType)
  else await client.pull(phase, 'get blob', `${base}/blobs/${layer}`, layer)
}

async function pushImage(client: LoadClient, phase: Phase, shelf: Shelf): Promise<void> {
  const number = shelf.number++
  const layer = layerOf(number)
  const { manifest } = artifactOf([layer])
  const tag = `v${number}`
  await putBlob(client, phase, shelf, layer)
  const target = `/v2/${shelf.repository}/manifests/${tag}`
  await client.ask(phase, 'put manifest', 201, { method: 'PUT', target, headers: { 'Content-Type': manifestType }, body: manifest.bytes })
  const pushed = { tag, manifest: manifest.digest, layer: layer.digest }
  if (shelf.images.length < shelfSize) shelf.images.push(pushed)
  else shelf.images[number % shelfSize] = pushed
}

async function putBlob(client: LoadClient, phase: Phase, { repository }: Shelf, { digest, bytes }: Content): Promise<void> {
  const begun = await client.ask(phase, 'begin', 202, { method: 'POST', target: `/v2/${repository}/blobs/uploads/` })
  const target = uploadTarget(begun.headers.get('location'), digest)
  await client.ask(phase, 'put blob', 201, { method: 'PUT', target, body: bytes })
}

function layerOf(number: number): Content {
  const bytes = Buffer.from(noise.subarray(0, layerSizes[number % layerSizes.length]))
  bytes.writeUInt32LE(number)
  return contentOf(bytes)
}

function makeNoise(): Buffer {
  const random = createRandom('noise')
  return Buffer.from(Uint8Array.from({ length: 100_000 }, () => random.below(256)))
}

/** A phase that is over after so many seconds. */
export function phaseOf(seconds: number): Phase {
  const end = performance.now() + seconds * 1000
  return { tally: new Tally(), over: () => performance.now() >= end }
}

/** So many clients work until the phase is over, each on a connection of its own. Fails with the first that does. */
export async function workTogether(port: number, clients: number, phase: Phase, work: Work): Promise<void> {
  const open = await Promise.all(Array.from({ length: clients }, () => LoadClient.open(port)))
  let failed = false
  const over = (): boolean => failed || phase.over()
  const run = async (client: LoadClient): Promise<void> => {
    try {
      while (!over()) await work(client, { ...phase, over })
    } catch (error) {
      if (error instanceof PhaseOver) return
      failed = true
      throw error
    } finally {
      client.close()
    }
  }
  await Promise.all(open.map(run))
}

/** The same for some seconds, once everybody is connected. */
export async function workFor(port: number, clients: number, seconds: number, work: Work): Promise<PhaseFigures> {
  const phase = phaseOf(seconds)
  await workTogether(port, clients, phase, work)
  return phase.tally.figures(seconds)
}
