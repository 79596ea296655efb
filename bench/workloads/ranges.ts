import { largeBlob, openCrew, readLarge } from '../load/index.ts'
import { holdLarge } from './blob-pull.ts'
import { beside } from './goals.ts'
import { everySystem, repository } from './image.ts'
import type { Workload } from './workload.ts'

const clients = 16
const [shortest, longest] = [4 * 1024, 64 * 1024]

/** B4: what lazy pulls do, and downloads that go on. */
export const ranges: Workload = {
  id: 'B4',
  title: 'Blob ranges, 4 to 64 KB',
  what:
    `${clients} clients of our own ask for 10,000 ranges of 4 to 64 KB of a blob of 256 MB, the same for ` +
    'every system, and compare ' +
    'every byte that comes.',
  unit: 'request',
  cpuUnit: 'µs',
  shows: ['cpuMicros', 'rate'],
  systems: everySystem,
  tools: {},
  warmUp: 1,
  measured: 0,
  goals: [beside('zot', 'cpuMicros', 1 / 3), beside('nginx', 'cpuMicros', 2)],
  prepare: async (system, server, scale) => {
    const blob = largeBlob(0, scale(256_000_000))
    await holdLarge(system, server, blob)
    const crew = await openCrew(server.port, clients)
    const next = numbers()
    return {
      run: async () =>
        await crew.share(scale(10_000), async (client) => {
          const first = Math.floor(next() * (blob.size - longest))
          const last = first + shortest + Math.floor(next() * (longest - shortest)) - 1
          await readLarge(client, repository, blob, { first, last })
        }),
      check: () => Promise.resolve(),
      close: crew.close,
    }
  },
}

/** The same numbers from 0 to 1 each time: a linear congruential generator. */
function numbers(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
