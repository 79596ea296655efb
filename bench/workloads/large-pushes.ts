import {
  type LargeBlob,
  largeBlob,
  openCrew,
  pushInChunks,
  pushStreamed,
  pushWhole,
  readLarge,
  type RegistryClient,
} from '../load/index.ts'
import type { RunningSystem } from '../systems/index.ts'
import { beside, besideBest, besidePart } from './goals.ts'
import { repository } from './image.ts'
import type { Load, Scale, Workload } from './workload.ts'

/** At the same time, each over one connection. */
const pushes = 4
const blobSize = 256_000_000
const chunkSize = 8_000_000
const [whole, chunks, streamed] = ['in one PUT', 'in chunks of 8 MB', 'in one streamed PATCH'] as const

const common = {
  unit: 'GB',
  cpuUnit: 's',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'bare', 'distribution', 'docker-registry', 'zot'],
  tools: {},
  warmUp: 0,
  measured: 0,
} as const

/** U1: layers as crane and skopeo push them. */
export const wholePushes: Workload = {
  ...common,
  id: 'U1',
  title: 'Push of 4 × 256 MB, whole, durable',
  what:
    'Four clients of our own push a blob of 256 MB each, all at once: POST, and PUT with all of it. ' +
    'Afterwards every byte is read back and compared. A program on the same runtime as Berth that does nothing but take the bytes shows the limit.',
  goals: [beside('zot', 'cpuMicros', 0.9), besideBest('cpuMicros', 1), besideBest('rate', 1), beside('bare', 'rate', 0.9)],
  prepare: async (_, server, scale) => await pushLoad(server, scale, ['']),
}

/** U2: layers as Docker and regctl push them. */
export const chunkedPushes: Workload = {
  ...common,
  id: 'U2',
  title: 'Push of 4 × 256 MB, in chunks, durable',
  what:
    'As U1, then with a PATCH for every 8 MB, then with one PATCH whose length is not announced ' +
    '(Transfer-Encoding: chunked, in chunks ' +
    'of 32 KiB), each on the same server with blobs of its own.',
  parts: [{ name: whole }, { name: chunks }, { name: streamed }],
  goals: [chunks, streamed].flatMap((part) => [
    beside('zot', 'cpuMicros', 0.9, part),
    besideBest('cpuMicros', 1, part),
    besidePart('rate', 0.9, part, whole),
  ]),
  prepare: async (_, server, scale) => await pushLoad(server, scale, [whole, chunks, streamed]),
}

async function pushLoad({ port }: RunningSystem, scale: Scale, parts: readonly string[]): Promise<Load> {
  const size = scale(blobSize)
  // Made now, so that hashing them is no part of a push.
  const blobs = parts.map((_, part) => Array.from({ length: pushes }, (_blob, index) => largeBlob(part * pushes + index, size)))
  const crew = await openCrew(port, pushes)
  return {
    run: async (_, part) => {
      const own = blobs[parts.indexOf(part)] ?? []
      const work = await crew.share(own.length, async (client, index) => {
        const blob = own[index]
        if (blob !== undefined) await push(client, blob, part, scale(chunkSize))
      })
      return { ...work, done: (own.length * size) / 1e9 }
    },
    check: async () => {
      for (const blob of blobs.flat()) await readLarge(crew.first, repository, blob)
    },
    close: crew.close,
  }
}

async function push(client: RegistryClient, blob: LargeBlob, part: string, chunk: number): Promise<void> {
  if (part === chunks) await pushInChunks(client, repository, blob, chunk)
  else if (part === streamed) await pushStreamed(client, repository, blob)
  else await pushWhole(client, repository, blob)
}
