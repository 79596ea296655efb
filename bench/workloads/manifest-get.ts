import { hammer, sampleEvery } from '../load/index.ts'
import { beside, limit } from './goals.ts'
import { everySystem, image, repository, wrk } from './image.ts'
import type { Workload } from './workload.ts'

const connections = 32

/** M1: the request that every pull begins with. */
export const manifestGet: Workload = {
  id: 'M1',
  title: 'Manifest GET by digest, hot',
  what:
    `wrk asks for one manifest of 1.5 KB by its digest over ${connections} connections. Meanwhile a client of our own asks ` +
    `for it every ${sampleEvery} ms and hashes what it gets. nginx serves the same bytes as a static file.`,
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: wrk,
  warmUp: 6,
  measured: 3,
  goals: [
    beside('distribution', 'cpuMicros', 1 / 10),
    beside('docker-registry', 'cpuMicros', 1 / 20),
    beside('zot', 'cpuMicros', 1 / 4),
    beside('olareg', 'cpuMicros', 0.6),
    limit('cpuMicros', 20, 'µs', 1),
  ],
  prepare: async (system, { place, port }) => {
    await system.hold(place, repository, image)
    const { manifest } = image
    const nail = { port, repository, kind: 'manifests', reference: manifest.digest, content: manifest, connections } as const
    return { run: async (seconds) => await hammer(nail, seconds), check: () => Promise.resolve(), close: () => {} }
  },
}
