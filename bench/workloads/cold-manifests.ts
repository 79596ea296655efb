import { numberedManifest, openCrew } from '../load/index.ts'
import { besideBest } from './goals.ts'
import { image, repository } from './image.ts'
import type { Workload } from './workload.ts'

const clients = 8
const manifests = 10_000
/** Has no factor in common with any number of manifests that is used: each is asked for once, far from the one before. */
const stride = 7919

/** M3: a registry that was just started, or has more than fits into memory. */
export const coldManifests: Workload = {
  id: 'M3',
  title: 'Manifest GET, cold',
  what:
    `${clients} clients of our own ask for 10,000 different manifests of 1.5 KB by their digests, once ` +
    'each, of a server that was just ' +
    'started and whose files the kernel was told to forget, and hash what they get. Names of files stay ' +
    'in memory. zot and olareg are ' +
    'not measured: pushing as many manifests into one repository takes them too long.',
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: ['berth', 'nginx', 'distribution', 'docker-registry'],
  tools: {},
  warmUp: 0,
  measured: 0,
  cold: true,
  goals: [besideBest('cpuMicros', 1 / 1.5), besideBest('rate', 1.5)],
  fill: async (system, { place, port }, scale) => {
    await system.hold(place, repository, image)
    if (system.id === 'nginx') {
      for (let number = 0; number < scale(manifests); number++) {
        await system.hold(place, repository, { manifest: numberedManifest(image.manifest, number), blobs: [] })
      }
      return
    }
    const crew = await openCrew(port, clients)
    try {
      await crew.share(scale(manifests), async (client, number) => {
        const manifest = numberedManifest(image.manifest, number)
        await client.pushManifest(repository, manifest.digest, manifest)
      })
    } finally {
      crew.close()
    }
  },
  prepare: async (_, { port }, scale) => {
    const count = scale(manifests)
    const list = Array.from({ length: count }, (_none, number) => numberedManifest(image.manifest, number))
    const crew = await openCrew(port, clients)
    return {
      run: async () =>
        await crew.share(count, async (client, index) => {
          const manifest = list[(index * stride) % count]
          if (manifest !== undefined) await client.checkManifest(repository, manifest.digest, manifest)
        }),
      check: () => Promise.resolve(),
      close: crew.close,
    }
  },
}
