import {
  largeBlob,
  openCrew,
  readLarge,
  readSlowly,
  type RegistryClient,
  type SlowConnection,
  uploadTarget,
  withCrew,
  workTogether,
  writeSlowly,
} from '../load/index.ts'
import { bytesIn } from '../machine/index.ts'
import { holdLarge } from './blob-pull.ts'
import { beside, limit } from './goals.ts'
import { image, repository } from './image.ts'
import type { Load, Outcome, Workload } from './workload.ts'

const crowd = 64
const aborts = 1000
/** Milliseconds. */
const pause = 250
const piece = Buffer.alloc(64 * 1024, 'slow')
/** Bytes that may stay, and milliseconds until they are counted. */
const mayStay = 16 * 2 ** 20
const patience = 10_000

/** X1: what a bad network does to a server. */
export const slowCrowd: Workload = {
  id: 'X1',
  title: 'Slow readers, slow writers, and aborts',
  what:
    `${crowd} connections read a blob of 256 MB and ${crowd} send a PATCH that announces 1 GB, a piece ` +
    `each every ${pause} ms, and all of ` +
    `them are broken off after ten seconds; then ${aborts} more uploads are broken off after 64 KiB. ` +
    'Meanwhile a client of our own asks for ' +
    'a manifest without a pause: p50 and p99 are of its requests. What is left on the disk is looked at ' +
    'until it is at most 16 MiB, at ' +
    'most ten seconds; a registry may keep it so that the upload can go on. Afterwards the blob is read and compared.',
  unit: 'GB',
  cpuUnit: 's',
  shows: ['peakBytes', 'leftBytes'],
  systems: ['berth', 'distribution', 'docker-registry', 'zot', 'olareg'],
  tools: {},
  warmUp: 0,
  measured: 10,
  goals: [
    beside('distribution', 'peakBytes', 1),
    limit('peakBytes', 256, 'MiB', 2 ** 20),
    limit('leftBytes', 16, 'MiB', 2 ** 20),
  ],
  prepare: async (system, server, scale): Promise<Load> => {
    const blob = largeBlob(0, scale(256_000_000))
    await holdLarge(system, server, blob)
    await system.hold(server.place, repository, image)
    const crew = await openCrew(server.port, 1)
    const target = `/v2/${repository}/blobs/${blob.digest}`
    return {
      run: async (seconds) => await suffer(seconds, crew.first, server.port, target, server.place.folder, async () => {
        await withCrew(server.port, 8, async (many) => {
          await many.share(scale(aborts), async (client) => (await slowUpload(client, server.port)).breakOff())
        })
      }),
      check: async () => await readLarge(crew.first, repository, blob),
      close: crew.close,
    }
  },
}

async function suffer(
  seconds: number,
  client: RegistryClient,
  port: number,
  target: string,
  folder: string,
  abortMany: () => Promise<void>,
): Promise<Outcome> {
  const before = bytesIn(folder)
  const connections: SlowConnection[] = []
  try {
    for (let i = 0; i < crowd; i++) connections.push(await readSlowly(port, target, pause), await slowUpload(client, port))
    const { manifest } = image
    const work = await workTogether(1, seconds, async () => await client.checkManifest(repository, manifest.digest, manifest))
    const failed = connections.flatMap((one) => one.failure() ?? [])
    if (failed.length > 0) throw new Error(`${failed.length} slow connections failed: ${failed[0]}`)
    const moved = connections.reduce((sum, one) => sum + one.moved(), 0)
    connections.splice(0).forEach((one) => one.breakOff())
    await abortMany()
    return { ...work, done: moved / 1e9, leftBytes: await left(folder, before) }
  } finally {
    connections.forEach((one) => one.breakOff())
  }
}

async function slowUpload(client: RegistryClient, port: number): Promise<SlowConnection> {
  const { headers } = await client.ask(202, { method: 'POST', target: `/v2/${repository}/blobs/uploads/` })
  return await writeSlowly(port, uploadTarget(headers.get('location')), piece, pause)
}

async function left(folder: string, before: number): Promise<number> {
  const end = performance.now() + patience
  for (;;) {
    const more = bytesIn(folder) - before
    if (more <= mayStay || performance.now() > end) return Math.max(0, more)
    await Bun.sleep(100)
  }
}
