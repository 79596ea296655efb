import { numberedBlob, openCrew } from '../load/index.ts'
import { limit } from './goals.ts'
import { repository } from './image.ts'
import type { Workload } from './workload.ts'

const blobs = 100_000

/** X3: how long an update keeps people waiting. */
export const start: Workload = {
  id: 'X3',
  title: 'Start with 100,000 blobs',
  what:
    'Berth is started on a storage with 100,000 blobs of 1 KiB, whose files the kernel was told to ' +
    'forget, and asked every 5 ms whether it ' +
    'is ready. Peers are not measured: they look at nothing when they start, or would take hours to fill.',
  unit: 'start',
  cpuUnit: 'ms',
  shows: ['p50', 'peakBytes'],
  systems: ['berth'],
  tools: {},
  warmUp: 0,
  measured: 0,
  cold: true,
  goals: [limit('p50', 2, 's', 1000), limit('peakBytes', 150, 'MB', 1e6)],
  fill: async (_, { port }, scale) => {
    const crew = await openCrew(port, 32)
    try {
      await crew.share(scale(blobs), async (client, number) => await client.pushBlob(repository, numberedBlob(number)))
    } finally {
      crew.close()
    }
  },
  prepare: async (_, { port, startUp: { seconds, cpuSeconds } }, scale) => {
    const crew = await openCrew(port, 1)
    const took = { done: 1, seconds, p50: seconds * 1000, p99: seconds * 1000, clientSeconds: 0, serverSeconds: cpuSeconds }
    return {
      run: () => Promise.resolve(took),
      check: async () => await crew.first.checkBlob(repository, numberedBlob(scale(blobs) - 1)),
      close: crew.close,
    }
  },
}
