import { hammer, numberedBlob, sampleEvery } from '../load/index.ts'
import { beside } from './goals.ts'
import { everySystem, image, repository, wrk } from './image.ts'
import type { Workload } from './workload.ts'

const connections = 32

/** B1: configs, signatures, and the small layers of which there are many. */
export const smallBlob: Workload = {
  id: 'B1',
  title: 'Blob GET, 1 KB',
  what:
    `wrk asks for one blob of 1 KiB over ${connections} connections. Meanwhile a client of our own asks for it every ` +
    `${sampleEvery} ms and hashes what it gets. nginx serves the same bytes as a static file.`,
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: wrk,
  warmUp: 6,
  measured: 3,
  goals: [beside('zot', 'cpuMicros', 1 / 4), beside('olareg', 'cpuMicros', 0.7), beside('nginx', 'cpuMicros', 2)],
  prepare: async (system, { place, port }) => {
    await system.hold(place, repository, image)
    const content = numberedBlob(0)
    const nail = { port, repository, kind: 'blobs', reference: content.digest, content, connections } as const
    return { run: async (seconds) => await hammer(nail, seconds), check: () => Promise.resolve(), close: () => {} }
  },
}
