import { openCrew } from '../load/index.ts'
import { limit } from './goals.ts'
import { artifactAt, fillStocks, fullStock } from './stocked-repository.ts'
import type { Workload } from './workload.ts'

/** X3: how long an update keeps people waiting, and what a registry takes that nobody asks for anything. */
export const start: Workload = {
  id: 'X3',
  title: 'Start with 1,000,000 blobs',
  what:
    'Berth is started on a storage whose files the kernel was told to forget, and asked every 5 ms whether it is ready. One ' +
    'repository there has 1,000,000 blobs of 1 KiB and 100,000 tags, each of a manifest of its own over ten of the blobs, all ' +
    'of them pushed. Its memory at rest is read once it used less than 1 % of its core for two seconds; then the newest ' +
    'manifest and its blobs are read and hashed. Peers are not measured: they look at nothing when they start, or would take ' +
    'hours to fill.',
  unit: 'start',
  cpuUnit: 'ms',
  shows: ['p50', 'restBytes', 'peakBytes'],
  systems: ['berth'],
  tools: {},
  warmUp: 0,
  measured: 0,
  cold: true,
  goals: [limit('p50', 2, 's', 1000), limit('restBytes', 150, 'MB', 1e6)],
  fill: fillStocks,
  prepare: async (_, { port, startUp: { seconds, cpuSeconds } }, scale) => {
    const stock = fullStock(scale)
    const took = { done: 1, seconds, p50: seconds * 1000, p99: seconds * 1000, clientSeconds: 0, serverSeconds: cpuSeconds }
    const check = async (): Promise<void> => {
      const crew = await openCrew(port, 1)
      try {
        const { manifest, blobs } = artifactAt(stock, stock.tags.length - 1)
        await crew.first.checkManifest(stock.repository, stock.tags.at(-1) ?? '', manifest)
        for (const blob of blobs) await crew.first.checkBlob(stock.repository, blob)
      } finally {
        crew.close()
      }
    }
    return { run: () => Promise.resolve(took), check, close: () => {} }
  },
}
